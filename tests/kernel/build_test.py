# SPDX-License-Identifier: Apache-2.0
"""Kernels built from real source: the same bytes from anywhere, and errors that say what to do.

Each build runs in the Debian root as kernel_image's actions do.
"""

import os
import pathlib
import struct
import subprocess
import sys

from absl.testing import absltest
from runfiles import Runfiles

_OUTPUTS = (
    *("vmlinux", "vmlinux.dwarf", "bzImage", "System.map"),
    *("config", "vmlinux.h", "release", "build_info.json"),
)
# ELF gABI, chapter 4: section types, the flag of compressed sections, and how they begin with zstd.
_SHT_NOTE, _SHT_NOBITS, _SHF_COMPRESSED, _ZSTD = 7, 8, 1 << 11, 2


class BuildTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.work = pathlib.Path(self.create_tempdir().full_path)

    def test_two_directories_give_the_same_bytes(self) -> None:
        first = self._build("one", ["tiny.config"], jobs=2, umask=0o022)
        second = self._build("another/place", ["tiny.config"], jobs=3, umask=0o077)
        self.assertEqual(0, first.returncode, first.stderr)
        self.assertEqual(0, second.returncode, second.stderr)
        for name in _OUTPUTS:
            a = (self.work / "one" / name).read_bytes()
            b = (self.work / "another/place" / name).read_bytes()
            self.assertNotEmpty(a, name)
            self.assertEqual(a, b, f"{name} differs between two builds")
        self._check_dwarf(self.work / "one")

    def test_a_line_that_cannot_stick_ends_the_build_before_compiling(self) -> None:
        fragment = self.work / "bad.config"
        fragment.write_text("CONFIG_64BIT=y\nCONFIG_SCHED_CLASS_EXT=y\nCONFIG_NO_SUCH_THING=y\n")
        done = self._build("bad", [str(fragment)], jobs=2, umask=0o022)
        self.assertEqual(1, done.returncode)
        self.assertIn("bad.config:2: CONFIG_SCHED_CLASS_EXT=y did not stick", done.stderr)
        self.assertIn("depends on BPF_SYSCALL", done.stderr)
        self.assertIn("this kernel knows no option CONFIG_NO_SUCH_THING", done.stderr)
        self.assertFalse((self.work / "bad" / "vmlinux").exists())

    def _check_dwarf(self, made: pathlib.Path) -> None:
        """The debug information is compressed, of the kernel beside it, and nowhere else."""
        vmlinux, dwarf = _sections(made / "vmlinux"), _sections(made / "vmlinux.dwarf")
        _, flags, content = dwarf[".debug_info"]
        self.assertTrue(flags & _SHF_COMPRESSED)
        self.assertEqual(_ZSTD, struct.unpack_from("<I", content)[0])
        self.assertNotIn(".debug_info", vmlinux)
        self.assertEqual(_SHT_NOBITS, dwarf[".text"][0])
        kind, _, build_id = vmlinux[".notes"]
        self.assertEqual(_SHT_NOTE, kind)
        self.assertIn(b"GNU\0", build_id)
        self.assertEqual(build_id, dwarf[".notes"][2])

    def _build(
        self, place: str, fragments: list[str], *, jobs: int, umask: int
    ) -> subprocess.CompletedProcess[str]:
        runfiles = Runfiles.Create()
        assert runfiles is not None

        def find(path: str) -> pathlib.Path:
            found = runfiles.Rlocation(path)
            assert found is not None, path
            return pathlib.Path(found).resolve()

        out = self.work / place
        out.mkdir(parents=True)
        source = find(os.environ["KERNEL_SOURCE"])
        command = [sys.executable, str(find("_main/tools/root/enter.py"))]
        command += ["--root", str(find(os.environ["DEBIAN_ROOT"]))]
        for host, inside in (
            (source, "/in/linux.tar.xz"),
            (find("_main/tools/kernel/build.py"), "/ktstr/tools/kernel/build.py"),
            (find("_main/tools/kernel/config.py"), "/ktstr/tools/kernel/config.py"),
            (find("_main/tools/kernel/events.py"), "/ktstr/tools/kernel/events.py"),
        ):
            command += ["--ro", f"{host}={inside}"]
        arguments = []
        for i, fragment in enumerate(fragments):
            host = pathlib.Path(fragment)
            if not host.is_absolute():
                host = find(f"_main/tests/kernel/{fragment}")
            command += ["--ro", f"{host}=/in/{i}.config"]
            arguments += ["--fragment", f"{host.name}=/in/{i}.config"]
        command += ["--scratch", "/build"]
        for name in _OUTPUTS:
            command += ["--out", f"{name}={out / name}"]
        command += [
            "--",
            "python3",
            "-I",
            "/ktstr/tools/kernel/build.py",
            "--source",
            "/in/linux.tar.xz",
        ]
        command += ["--base", "tinyconfig", "--work", "/build", "--out", "/out"]
        command += ["--jobs", str(jobs), *arguments]
        return subprocess.run(
            command, cwd=out, text=True, capture_output=True, check=False, umask=umask
        )


def _sections(elf: pathlib.Path) -> dict[str, tuple[int, int, bytes]]:
    """Name -> type, flags and bytes of a 64-bit ELF file's sections."""
    data = elf.read_bytes()
    (offset,), (size, count, names) = (
        struct.unpack_from("<Q", data, 40),
        struct.unpack_from("<3H", data, 58),
    )
    headers = [struct.unpack_from("<IIQQQQ", data, offset + i * size) for i in range(count)]
    strings = headers[names][4]
    return {
        data[strings + name : data.index(0, strings + name)].decode(): (
            kind,
            flags,
            b"" if kind == _SHT_NOBITS else data[start : start + length],
        )
        for name, kind, flags, _, start, length in headers
    }


if __name__ == "__main__":
    absltest.main()
