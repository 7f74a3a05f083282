# SPDX-License-Identifier: Apache-2.0
"""The registry on disk serves what a workspace asks for, and refuses what Debian does not have."""

import json
import tempfile
from pathlib import Path

from absl.testing import absltest, parameterized

from tools.private.bazel_setup import registry
from tools.private.bazel_setup.errors import SetupError

_TOOLS = 'module(name = "bazel_tools")\nbazel_dep(name = "rules_cc", version = "0.0.11")\n'


class RegistryTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(tempfile.mkdtemp(dir=absltest.TEST_TMPDIR.value))
        self.home = self.root / "home"
        self.write("home/install_base/embedded_tools/MODULE.bazel", _TOOLS)
        self.tree("tools/platforms", "platforms", "0.0.10")
        self.tree("tools/skylib", "bazel_skylib", "1.9.1")
        self.tree(
            "rules/cc", "rules_cc", "0.0.11", 'bazel_dep(name = "platforms", version = "0.0.7")\n'
        )
        self.tree(
            "rules/python",
            "rules_python",
            "0.0.0",
            'bazel_dep(name = "protobuf", version = "21.7")\n'
            'bazel_dep(name = "rules_java", version = "9.9.9", dev_dependency = True)\n',
        )
        versions = {"bazel-rules-python": "0.22.1", "bazel-rules-cc": "0.0.11"}
        self.write("home/etc/versions.json", json.dumps(versions))

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def tree(self, directory: str, name: str, version: str, deps: str = "") -> None:
        text = f'module(\n    name = "{name}",\n    version = "{version}",  # kept\n)\n{deps}'
        self.write(f"home/install_base/{directory}/MODULE.bazel", text)

    def ensure(self, module: str) -> None:
        self.write("ws/MODULE.bazel", module)
        registry.ensure(self.home, self.root / "ws")

    def module(self, name: str, version: str) -> str:
        path = self.home / "registry/modules" / name / version / "MODULE.bazel"
        return path.read_text(encoding="utf-8")

    def test_a_tree_is_served_under_the_version_asked_for(self) -> None:
        self.ensure('bazel_dep(name = "rules_python", version = "0.20.0")\n')
        self.assertIn('    version = "0.20.0",  # kept\n', self.module("rules_python", "0.20.0"))
        source = self.home / "registry/modules/rules_python/0.20.0/source.json"
        self.assertEqual(
            json.loads(source.read_text(encoding="utf-8")),
            {"type": "local_path", "path": f"{self.home}/install_base/rules/python"},
        )

    def test_dependencies_are_served_but_not_those_for_development(self) -> None:
        self.ensure('bazel_dep(name = "rules_python", version = "0.22.1")\n')
        self.assertIn("protobuf", self.module("protobuf", "21.7"))
        self.assertIn("platforms", self.module("platforms", "0.0.7"))
        self.assertFalse((self.home / "registry/modules/rules_java").exists())

    def test_it_grows_with_the_workspaces_that_use_it(self) -> None:
        self.ensure('bazel_dep(name = "bazel_skylib", version = "1.7.1")\n')
        self.ensure('bazel_dep(name = "bazel_skylib", version = "1.3.0")\n')
        self.module("bazel_skylib", "1.7.1")
        self.module("bazel_skylib", "1.3.0")

    def test_a_newer_version_than_debian_has_is_refused(self) -> None:
        with self.assertRaisesRegex(
            SetupError, r"asks for rules_python 1\.5\.0, .* Debian's 0\.22"
        ):
            self.ensure('bazel_dep(name = "rules_python", version = "1.5.0")\n')

    def test_an_unknown_module_is_refused(self) -> None:
        with self.assertRaisesRegex(SetupError, "asks for rules_rust 0.1, which Debian does not"):
            self.ensure('bazel_dep(name = "rules_rust", version = "0.1", dev_dependency = True)\n')

    def test_modules_under_a_local_path_are_followed_and_not_served(self) -> None:
        self.write("other/MODULE.bazel", 'bazel_dep(name = "bazel_skylib", version = "1.2.0")\n')
        self.ensure(
            'bazel_dep(name = "other", version = "1")\n'
            'local_path_override(module_name = "other", path = "../other")\n'
        )
        self.module("bazel_skylib", "1.2.0")

    def test_a_module_file_that_does_not_parse_is_an_error_with_its_line(self) -> None:
        with self.assertRaisesRegex(SetupError, r"MODULE\.bazel:2: "):
            self.ensure('module(name = "m")\nbazel_dep(\n')


if __name__ == "__main__":
    absltest.main()
