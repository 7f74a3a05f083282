# SPDX-License-Identifier: Apache-2.0
"""The Python that all programs of the project run on takes nothing of the machine."""

import filecmp
import subprocess
import sys
from pathlib import Path

from absl.testing import absltest

from tests.support.located import located

_MAPPED = """\
import importlib, pathlib, sys
import google.protobuf.json_format, psutil, xxhash, zstandard
modules = next(pathlib.Path(each) for each in sys.path if each.endswith("lib-dynload"))
for each in sorted(modules.iterdir()):
    importlib.import_module(each.name.partition(".")[0])
for line in open("/proc/self/maps"):
    words = line.split(None, 5)
    if words[5:] and words[5].startswith("/"):
        print(words[5].strip())
"""


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], text=True, capture_output=True, check=False)


class PythonTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.tree = Path(sys.executable).parents[1]

    def test_it_is_the_roots(self) -> None:
        self.assertEndsWith(sys.executable, "/tools/python/python/bin/python3")
        self.assertEqual((3, 13), sys.version_info[:2])

    def test_all_that_it_loads_came_along(self) -> None:
        done = _python("-c", _MAPPED)
        self.assertEqual("", done.stderr)
        names = set(done.stdout.splitlines())
        self.assertGreater(len(names), 50)
        tree = (self.tree / "lib/python313.zip").resolve().parents[1]
        # A locale is data, and the C library has C.UTF-8 of its own where the machine has none.
        code = [name for name in names if ".so" in name or not name.startswith("/usr/lib/")]
        others = [name for name in code if not name.startswith(f"{tree}/")]
        self.assertEmpty([name for name in others if "pypi/site/" not in name])

    def test_tracebacks_quote_the_standard_library(self) -> None:
        done = _python("-c", "import json; json.loads('{')")
        self.assertIn("obj, end = self.raw_decode(s, idx=_w(s, 0).end())", done.stderr)

    def test_isolated_children_find_their_library(self) -> None:
        done = _python("-I", "-S", "-c", "import sys, json; print(sys.executable, json.__name__)")
        self.assertEqual((f"{sys.executable} json\n", ""), (done.stdout, done.stderr))


class CollectTest(absltest.TestCase):
    def test_the_same_bytes_again(self) -> None:
        collect = str(located("_main/tools/python/collect.py"))
        root = located("debian_root/root")
        again = Path(self.create_tempdir("another place").full_path)
        program, library = again / "bin/python3.13", again / "lib"
        program.parent.mkdir()
        # By the root's own Python, as the action is: what marshal writes follows from what an
        # interpreter has loaded.
        line = [f"{root}/usr/lib64/ld-linux-x86-64.so.2"]
        line += ["--library-path", f"{root}/usr/lib/x86_64-linux-gnu"]
        line += [f"{root}/usr/bin/python3.13", "-S", "-s", "-B", collect]
        done = subprocess.run(
            [*line, f"--root={root}", f"--program={program}", f"--library={library}"],
            env={"PYTHONHASHSEED": "0", "PYTHONHOME": f"{root}/usr"},
            umask=0o077,
            text=True,
            capture_output=True,
            check=False,
        )
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        tree = Path(sys.executable).parents[1]
        names = [str(each.relative_to(tree)) for each in tree.rglob("*") if each.is_file()]
        names.remove("bin/python3")
        self.assertSameElements(
            names, [str(each.relative_to(again)) for each in again.rglob("*") if each.is_file()]
        )
        _, differ, missing = filecmp.cmpfiles(tree, again, names, shallow=False)
        self.assertEqual(([], []), (differ, missing))


if __name__ == "__main__":
    absltest.main()
