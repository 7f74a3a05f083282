# SPDX-License-Identifier: Apache-2.0
"""Kernels of another architecture: what is configured, what make is told, and what comes out.

The sources are a few Kconfig files, and make and LLVM's programs stand-ins that take down how they
were called, so that this takes a second and not half an hour.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tarfile

from absl.testing import absltest
from runfiles import Runfiles

_SOURCES = {
    "Makefile": "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\nEXTRAVERSION =\n",
    "Kconfig": 'config ALWAYS\n\tbool "Always"\n',
    "arch/x86/Kconfig": 'config PVH\n\tbool "PVH"\n\nconfig BOTH\n\tbool "Both"\n',
    "arch/arm64/Kconfig": 'config OURS\n\tbool "Ours"\n\nconfig BOTH\n\tbool "Both"\n',
    # tar wants each part of a tree to be there
    "Kbuild": "",
    "scripts/config": "",
    "kernel/configs/tiny.config": "",
    "arch/x86/configs/tiny.config": "",
}
_FRAGMENT = "CONFIG_ALWAYS=y\nCONFIG_PVH=y\nCONFIG_BOTH=y\nCONFIG_OURS=y\n"
_MAKE = """\
#!/bin/bash
echo "make $*" >> "$SAID"
for word; do case $word in O=*) out=${word#O=} ;; esac; done
for word; do
  case $word in
    tinyconfig) : > "$out/.config" ;;
    vmlinux) echo linked > "$out/vmlinux"; echo map > "$out/System.map" ;;
    Image)
      mkdir -p "$out/arch/arm64/boot" "$out/include/config"
      echo image > "$out/arch/arm64/boot/Image"
      echo 6.12.0 > "$out/include/config/kernel.release"
      ;;
  esac
done
"""
_OBJCOPY = '#!/bin/bash\necho "llvm-objcopy $*" >> "$SAID"\ncp "${@: -2:1}" "${@: -1}"\n'
_PROGRAMS = {
    "make": _MAKE,
    "llvm-objcopy": _OBJCOPY,
    "clang": "#!/bin/sh\necho clang of a test\n",
    "pahole": "#!/bin/sh\necho v0\n",
}


class CrossTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.work = pathlib.Path(self.create_tempdir().full_path)
        self.said = self.work / "said"
        programs = self.work / "bin"
        programs.mkdir()
        for name, text in _PROGRAMS.items():
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        for name, text in _SOURCES.items():
            path = self.work / "linux" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        with tarfile.open(self.work / "linux.tar", "w") as archive:
            archive.add(self.work / "linux", "linux")

    def cross(self, step: str, fragment: str, *more: str) -> subprocess.CompletedProcess[str]:
        """Runs a step, whose outputs are in the folder of its name."""
        runfiles = Runfiles.Create()
        assert runfiles is not None
        program = runfiles.Rlocation("_main/tools/kernel/cross.py")
        assert program is not None
        out, place = self.work / step, self.work / f"{step}.work"
        out.mkdir()
        place.mkdir()
        (self.work / "a.config").write_text(fragment)
        return subprocess.run(
            [
                *(sys.executable, "-I", program, step, "--arch", "arm64", "--base", "tinyconfig"),
                *("--source", self.work / "linux.tar", "--work", place, "--out", out),
                *("--fragment", f"a.config={self.work}/a.config", *more),
            ],
            env={
                **os.environ,
                "PATH": f"{self.work}/bin:{os.environ['PATH']}",
                "SAID": str(self.said),
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def test_options_that_other_architectures_alone_have_are_left_out(self) -> None:
        done = self.cross("configure", _FRAGMENT)
        self.assertEqual(done.returncode, 0, done.stderr)
        config = (self.work / "configure/config").read_text()
        self.assertEqual(config, "CONFIG_ALWAYS=y\nCONFIG_BOTH=y\nCONFIG_OURS=y\n")
        left = (self.work / "configure/0.config").read_text()
        self.assertEqual(left, _FRAGMENT.replace("CONFIG_PVH=y", "# PVH: of another architecture"))

    def test_options_of_no_architecture_are_refused(self) -> None:
        done = self.cross("configure", "CONFIG_ALWAYS=y\nCONFIG_OF_MARS=y\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("a.config:2: CONFIG_OF_MARS=y: this kernel knows no option", done.stderr)
        self.assertFalse(self.said.exists())

    def test_options_of_other_versions_are_left_out(self) -> None:
        (self.work / "versions").write_text("CONFIG_ALWAYS until 6.11\n")
        done = self.cross(
            "configure", "CONFIG_ALWAYS=y\nCONFIG_OURS=y\n", "--versions", f"v={self.work}/versions"
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.work / "configure/config").read_text(), "CONFIG_OURS=y\n")

    def test_what_a_build_makes(self) -> None:
        done = self.cross("build", "CONFIG_ALWAYS=y\nCONFIG_OURS=y\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        out = self.work / "build"
        self.assertEqual((out / "Image").read_text(), "image\n")
        self.assertIn("without CONFIG_DEBUG_INFO_BTF", (out / "vmlinux.h").read_text())
        info = json.loads((out / "build_info.json").read_text())
        source = hashlib.sha256((self.work / "linux.tar").read_bytes()).hexdigest()
        self.assertEqual(
            (info["arch"], info["release"], info["compiler"], info["source_sha256"]),
            ("arm64", "6.12.0", "clang of a test", source),
        )
        made = [line for line in self.said.read_text().splitlines() if line.startswith("make")]
        self.assertLen(made, 3)
        for line in made:
            self.assertIn("ARCH=arm64 LLVM=-19 LD=/cross/usr/bin/ld.lld-19", line)
        self.assertEndsWith(made[-1], " vmlinux Image")


if __name__ == "__main__":
    absltest.main()
