# SPDX-License-Identifier: Apache-2.0
"""A build goes on where the one before ended, in the Debian root, as incremental_kernel has it.

What is built is two files of C by a Makefile with the targets of a kernel's.
"""

from __future__ import annotations

import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile

from absl.testing import absltest

from tests.support.located import located

_MAKEFILE = """\
vmlinux: $(O)/vmlinux
$(O)/vmlinux: $(O)/a.o $(O)/b.o
	ld -r -o $@ $^
	nm $@ > $(O)/System.map
	mkdir -p $(O)/include/config
	echo 6.99.0 > $(O)/include/config/kernel.release
$(O)/%.o: %.c $(O)/.config
	gcc -g -c -o $@ $<
	echo $*: $(KCFLAGS) >> $(O)/compiled
"""
_OUTPUTS = ("System.map", "build_info.json", "config", "release", "vmlinux", "vmlinux.dwarf")
_TOOLS = ("build", "config", "events", "incremental")


class IncrementalTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.work = pathlib.Path(self.create_tempdir().full_path)
        self.folder = self.work / "folder"
        self.source, self.objects = self.folder / "src", self.folder / "out"
        (self.source / "scripts").mkdir(parents=True)
        for name, text in {
            "Makefile": _MAKEFILE,
            "a.c": "int first;\n",
            "b.c": "int second;\n",
            "scripts/gen-btf.sh": "as in the tree\n",
        }.items():
            (self.source / name).write_text(text)
        self.config = "# CONFIG_DEBUG_INFO_BTF is not set\n"

    def test_what_did_not_change_is_not_compiled_again(self) -> None:
        info = self.built("one")
        self.assertEqual(self.compiled(), ["a", "b"])
        self.assertEqual((info["incremental"], info["tree_state"]), (True, "one"))
        self.assertIn("first", (self.work / "System.map").read_text())
        (self.source / "a.c").write_text("int other;\n")
        self.built("two")
        self.assertEqual(self.compiled(), ["a"])
        self.assertIn("other", (self.work / "System.map").read_text())
        self.built("three")
        self.assertEqual(self.compiled(), [])

    def test_another_configuration_is_compiled_and_told(self) -> None:
        self.built("one")
        self.compiled()
        self.config += "CONFIG_X=y\n"
        self.built("one")
        self.assertEqual(self.compiled(), ["a", "b"])
        self.assertEqual((self.work / "config").read_text(), self.config)

    def test_the_tree_gets_what_kernel_source_has_changed(self) -> None:
        self.built("one")
        script = self.source / "scripts/gen-btf.sh"
        self.assertEqual(script.read_text(), "as prepared\n")
        at = script.stat().st_mtime_ns
        self.built("two")
        self.assertEqual(script.stat().st_mtime_ns, at)

    def test_a_copy_of_another_state_is_refused(self) -> None:
        done = self.build("one", copied="another")
        self.assertEqual(done.returncode, 1)
        self.assertIn("is of state another, and the build is of one: another Bazel", done.stderr)
        (self.folder / "state").unlink()
        done = self.build("one", copied=None)
        self.assertIn("is of state unknown, and the build is of one", done.stderr)
        self.assertFalse(self.objects.exists())

    def test_make_has_the_last_word(self) -> None:
        (self.source / "a.c").write_text("int first\n")
        done = self.build("one", copied="one")
        self.assertEqual(done.returncode, 1)
        self.assertIn("kernels.local: `make ", done.stderr)
        self.assertIn("a.c:1", done.stderr)

    def built(self, state: str) -> dict[str, object]:
        """The record of a build that succeeds."""
        done = self.build(state, copied=state)
        self.assertEqual(done.returncode, 0, done.stderr)
        found: dict[str, object] = json.loads((self.work / "build_info.json").read_text())
        return found

    def compiled(self) -> list[str]:
        """Which files were compiled since it was asked before, with the flags of every kernel."""
        log = self.objects / "compiled"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        for line in lines:
            self.assertIn("-gno-statement-frontiers", line)
        return sorted(line.partition(":")[0] for line in lines)

    def build(self, state: str, *, copied: str | None) -> subprocess.CompletedProcess[str]:
        """incremental.py for a state, on a copy of the tree of that which is `copied`."""
        if copied is not None:
            (self.folder / "state").write_text(f"{copied}\n")
        (self.work / "asked").write_text(f"{state}\n")
        (self.work / "asked.config").write_text(self.config)
        with tarfile.open(self.work / "part.tar", "w") as tar:
            info = tarfile.TarInfo("linux/scripts/gen-btf.sh")
            text = b"as prepared\n"
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text))
        mounts = {
            self.work / "asked": "/in/state",
            self.work / "asked.config": "/in/config",
            self.work / "part.tar": "/in/part.tar",
        }
        for tool in _TOOLS:
            path = f"tools/kernel/{tool}.py"
            mounts[located(f"_main/{path}").resolve()] = f"/ktstr/{path}"
        command = [sys.executable, str(located("_main/tools/root/enter.py").resolve())]
        command += ["--root", str(located(os.environ["DEBIAN_ROOT"]).resolve())]
        for host, inside in mounts.items():
            command += ["--ro", f"{host}={inside}"]
        command += ["--rw", f"{self.folder}=/build"]
        for name in _OUTPUTS:
            command += ["--out", f"{name}={self.work / name}"]
        command += ["--", "python3", "-I", "/ktstr/tools/kernel/incremental.py"]
        command += ["--state", "/in/state", "--prepared", "/in/part.tar", "--config", "/in/config"]
        command += ["--fragment", "a.config=/in/config", "--folder", "/build", "--out", "/out"]
        return subprocess.run(command, text=True, capture_output=True, check=False)


if __name__ == "__main__":
    absltest.main()
