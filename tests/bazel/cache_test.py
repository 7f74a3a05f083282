# SPDX-License-Identifier: Apache-2.0
"""A second clone builds nothing again: neither with the disk cache, nor with a remote one alone.

The workspace is a consumer's: it takes ktstr as a module and builds an initramfs layer by its
rules. The same with the kernel and the schedulers, which takes minutes, is :clones.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from absl.testing import absltest
from runfiles import Runfiles

from tests.support.nested import Built, NestedBazel
from tests.support.nginx import Nginx

_MODULE = """\
module(name = "{name}")

bazel_dep(name = "ktstr", version = "0")
bazel_dep(name = "rules_shell", version = "0.3.0")

local_path_override(
    module_name = "ktstr",
    path = "../ktstr",
)
"""

_ROOT = "ktstr~~debian~debian_root"

_BUILD = """\
load("@ktstr//rules:initramfs.bzl", "initramfs_layer")
load("@rules_shell//shell:sh_test.bzl", "sh_test")

initramfs_layer(
    name = "layer",
    files = {"data.txt": "usr/share/data"},
)

sh_test(
    name = "size_test",
    srcs = ["size_test.sh"],
    data = [":layer"],
)
"""

_TEST = """\
#!/bin/sh
wc -c < layer.cpio > "$TEST_UNDECLARED_OUTPUTS_DIR/size"
test $(cat "$TEST_UNDECLARED_OUTPUTS_DIR/size") -gt 500
"""

# A closed machine's registry and Java heap come with the private Bazel; these are for every Bazel.
_STARTUP = ("--host_jvm_args=-Xmx1g",)
_FLAGS = (
    "--lockfile_mode=off",
    "--incompatible_strict_action_env",
    "--nolegacy_external_runfiles",
    # As on a machine without a compiler.
    "--repo_env=BAZEL_DO_NOT_DETECT_CPP_TOOLCHAIN=1",
    "--nozip_undeclared_test_outputs",
)


class CacheTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        runfiles = Runfiles.Create()
        assert runfiles is not None
        self.runfiles = runfiles
        self.root = Path(tempfile.mkdtemp(dir=os.environ["TEST_TMPDIR"])).resolve()
        self.bazels: list[NestedBazel] = []

    def tearDown(self) -> None:
        for bazel in self.bazels:
            bazel.shutdown()
        super().tearDown()

    def located(self, path: str) -> Path:
        found = self.runfiles.Rlocation(path)
        assert found is not None, path
        return Path(found)

    def clone(self, name: str, module_name: str = "consumer") -> NestedBazel:
        """A copy of the workspace in a directory of its own, with its own output base."""
        workspace, module = self.root / name / "workspace", self.root / name / "ktstr"
        # Programs run on the root's Python; to fetch that once more for each clone takes minutes.
        unpacked = self.located("debian_root/root").resolve().parent
        rc = f"common --override_repository={_ROOT}={unpacked}\n"
        workspace.mkdir(parents=True)
        shutil.copytree(self.located("lint_sources/src/MODULE.bazel").parent, module)
        for path in module.rglob("*.source"):
            path.rename(path.with_suffix(""))
        (workspace / "MODULE.bazel").write_text(_MODULE.format(name=module_name), encoding="utf-8")
        (workspace / "BUILD.bazel").write_text(_BUILD, encoding="utf-8")
        (workspace / ".bazelrc").write_text(rc, encoding="utf-8")
        (workspace / "data.txt").write_text("data\n", encoding="utf-8")
        (workspace / "size_test.sh").write_text(_TEST, encoding="utf-8")
        (workspace / "size_test.sh").chmod(0o755)
        bazel = NestedBazel(
            self.located("host_bazel/bazel"), workspace, self.root / name / "base", _STARTUP
        )
        self.bazels.append(bazel)
        return bazel

    def digests(self, name: str) -> list[str]:
        """Of what the build made, and of what the test left."""
        workspace = self.root / name / "workspace"
        made = ("bazel-bin/layer.cpio", "bazel-testlogs/size_test/test.outputs/size")
        return [hashlib.sha256((workspace / path).read_bytes()).hexdigest() for path in made]

    def assert_all_cached(self, built: Built, kind: str) -> None:
        self.assertEqual(built.executed, 0, f"carried out again: {dict(built.runners)}")
        self.assertGreaterEqual(built.runners.get(kind, 0), 2, dict(built.runners))
        self.assertEqual(built.tests, {"//:size_test": True})

    def test_a_second_clone_builds_nothing_again(self) -> None:
        disk, served, state = self.root / "disk", self.root / "served", self.root / "nginx"
        for directory in (served, state):
            directory.mkdir()
        root = self.located("debian_root/root")
        with Nginx(root, self.located("nginx/nginx"), served, state, writable=True) as cache:
            remote = f"--remote_cache={cache.url}"
            first = self.clone("first").run(
                "test", "//...", *_FLAGS, f"--disk_cache={disk}", remote
            )
            self.assertGreaterEqual(first.executed, 2, dict(first.runners))
            self.assertEqual(first.tests, {"//:size_test": False})
            self.assertGreater(cache.requests("PUT", "201"), 0)

            second = self.clone("second").run("test", "//...", *_FLAGS, f"--disk_cache={disk}")
            self.assert_all_cached(second, "disk cache hit")

            # A test knows its module's name, and what ktstr builds does not.
            other = self.clone("other", module_name="somebody")
            built = other.run("build", "//:layer", *_FLAGS, f"--disk_cache={disk}")
            self.assertEqual(built.executed, 0, dict(built.runners))
            self.assertGreaterEqual(built.runners.get("disk cache hit", 0), 1)

            downloads = "--remote_download_outputs=all"
            third = self.clone("third").run("test", "//...", *_FLAGS, remote, downloads)
            self.assert_all_cached(third, "remote cache hit")
            self.assertGreater(cache.requests("GET", "200"), 0)
        self.assertEqual(self.digests("first"), self.digests("second"))
        self.assertEqual(self.digests("first"), self.digests("third"))


if __name__ == "__main__":
    absltest.main()
