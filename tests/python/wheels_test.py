# SPDX-License-Identifier: Apache-2.0
"""Which files of a wheel are targets of its repository."""

import re
import subprocess
import sys
from pathlib import Path

from absl.testing import absltest

from tests.support.located import located

_FILES = (
    "fast/__init__.py",
    "fast/clouds/one.json",
    "fast/core/tests.py",
    "fast/tests/__init__.py",
    "fast/core/tests/data.csv",
)


class WheelsTest(absltest.TestCase):
    def test_tests_of_a_wheels_own_are_left_out(self) -> None:
        self.assertEqual(
            self._named(), {"fast/__init__.py", "fast/clouds/one.json", "fast/core/tests.py"}
        )

    def test_and_what_is_said_to_be_of_no_use(self) -> None:
        self.assertEqual(self._named("fast/clouds/*"), {"fast/__init__.py", "fast/core/tests.py"})

    def _named(self, *left_out: str) -> set[str]:
        """Files of a wheel, but for what is told of itself, of which targets are made."""
        folder = Path(self.create_tempdir().full_path)
        told = folder / "site/fast-1.0.dist-info"
        told.mkdir(parents=True)
        (told / "METADATA").write_text("Metadata-Version: 2.1\nName: fast\nVersion: 1.0\n")
        (told / "RECORD").write_text("".join(f"{name},,\n" for name in (*_FILES, "../../bin/fast")))
        for name in _FILES:
            path = folder / "site" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        writer = located("_main/third_party/private/write_wheels_build.py")
        subprocess.run([sys.executable, "-I", writer, *left_out], cwd=folder, check=True)
        return set(re.findall(r'"site/([^"]*)"', (folder / "BUILD.bazel").read_text()))


if __name__ == "__main__":
    absltest.main()
