# SPDX-License-Identifier: Apache-2.0
"""Libraries are found where the dynamic loader will look: DT_RPATH, DT_RUNPATH and $ORIGIN.

Real libraries are patched in place: Debian's librbd asks for libceph-common by DT_RUNPATH.
"""

import struct
from pathlib import Path

from absl import flags
from absl.testing import absltest
from elftools.elf.elffile import ELFFile

from ktstr.model.errors import UsageError
from tools.initramfs import elf

_ROOT = flags.DEFINE_string("root", None, "A root with librbd.", required=True)

_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_OF_ARM64 = "usr/lib/aarch64-linux-gnu"
_LOADER = "ld-linux-x86-64.so.2"
# of the ELF header
_E_MACHINE, _MACHINE, _EM_AARCH64 = 18, struct.Struct("<H"), 183
_CEPH = b"/usr/lib/x86_64-linux-gnu/ceph\0"
_DT_DEBUG, _DT_RPATH, _DT_RUNPATH = 21, 15, 29
_DYN = struct.Struct("<qQ")  # Elf64_Dyn


class ClosureTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(_ROOT.value).absolute()
        self.folder = Path(self.create_tempdir().full_path)

    def _patched(self, name: str, directory: bytes, tag: int) -> Path:
        """A copy of a library with another search path, under another tag."""
        original = self.root / _LIBRARIES / name
        content = bytearray(original.read_bytes())
        text = content.index(_CEPH)
        content[text : text + len(_CEPH)] = directory.ljust(len(_CEPH), b"\0")
        with original.open("rb") as file:
            section = ELFFile(file).get_section_by_name(".dynamic")
            assert section is not None
            start, size = section["sh_offset"], section["sh_size"]
        for offset in range(start, start + size, _DYN.size):
            found, value = _DYN.unpack_from(content, offset)
            if found == _DT_RUNPATH:
                _DYN.pack_into(content, offset, tag, value)
        path = self.folder / name
        path.write_bytes(content)
        return path

    def _closure(self, programs: dict[str, Path]) -> dict[str, Path]:
        return elf.closure(self.root, programs)

    def test_an_absolute_runpath_is_one_of_the_guest(self) -> None:
        found = self._closure({"bin/x": self.root / _LIBRARIES / "librbd.so.1"})
        self.assertIn(f"{_LIBRARIES}/ceph/libceph-common.so.2", found)

    def test_origin_is_where_the_object_lies_in_the_guest(self) -> None:
        library = self.root / _LIBRARIES / "ceph/libceph-common.so.2"
        for word in (b"$ORIGIN/../ceph", b"${ORIGIN}/../ceph"):
            patched = self._patched("librados.so.2", word, _DT_RUNPATH)
            programs = {"opt/lib/librados.so.2": patched, "opt/ceph/libceph-common.so.2": library}
            found = self._closure(programs)
            self.assertNotIn(f"{_LIBRARIES}/ceph/libceph-common.so.2", found)
            self.assertNoCommonElements(found, programs)

    def test_without_its_directory_the_library_is_missing(self) -> None:
        patched = self._patched("librados.so.2", b"$ORIGIN/none", _DT_RUNPATH)
        with self.assertRaisesRegex(
            UsageError, r"librados\.so\.2 needs libceph-common\.so\.2, .* none of opt/none, usr/lib"
        ):
            self._closure({"opt/librados.so.2": patched})

    def test_an_rpath_holds_for_what_the_object_loads_a_runpath_does_not(self) -> None:
        library = self.root / _LIBRARIES / "ceph/libceph-common.so.2"
        bare = self._patched("librados.so.2", b"", _DT_DEBUG)
        for tag, complete in ((_DT_RPATH, True), (_DT_RUNPATH, False)):
            programs = {
                "opt/librbd.so.1": self._patched("librbd.so.1", b"$ORIGIN/ceph", tag),
                "opt/ceph/librados.so.2": bare,
                "opt/ceph/libceph-common.so.2": library,
            }
            program = {"opt/librbd.so.1": programs["opt/librbd.so.1"]}
            self.assertEqual(self._is_complete(programs, program), complete)

    def _of_arm64(self, name: str, guest: str) -> Path:
        """A library that says it is arm64's, at a path of a root of its own."""
        content = bytearray((self.root / _LIBRARIES / name).read_bytes())
        _MACHINE.pack_into(content, _E_MACHINE, _EM_AARCH64)
        path = self.folder / "arm64" / guest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def test_libraries_of_another_architecture_are_looked_for_in_its_own_directories(self) -> None:
        root, target = self.folder / "arm64", elf.TARGETS["arm64"]
        program = {"opt/libdl.so.2": self._of_arm64("libdl.so.2", "opt/libdl.so.2")}
        with self.assertRaisesRegex(UsageError, f"none of {_OF_ARM64}, usr/lib64, usr/lib of"):
            elf.closure(root, program, target=target)
        own = [self._of_arm64(name, f"{_OF_ARM64}/{name}") for name in ("libc.so.6", _LOADER)]
        self._of_arm64(_LOADER, f"usr/lib64/{_LOADER}")
        found = elf.closure(root, program, target=target)
        self.assertContainsSubset([str(each.relative_to(root)) for each in own], found)

    def test_a_program_of_another_architecture_is_refused(self) -> None:
        program = {"bin/x": self.root / _LIBRARIES / "libdl.so.2"}
        with self.assertRaisesRegex(UsageError, "for EM_X86_64; the guest is EM_AARCH64"):
            elf.closure(self.root, program, target=elf.TARGETS["arm64"])

    def _is_complete(self, own: dict[str, Path], program: dict[str, Path]) -> bool:
        """Whether the closure of `program` is, with the other files of `own` in a root."""
        root = self.folder / "root"
        for guest, file in own.items():
            path = root / guest
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_bytes(file.read_bytes())
        if not (root / "usr").exists():
            (root / "usr").symlink_to(self.root / "usr")
        try:
            found = elf.closure(root, program)
        except UsageError:
            return False
        return "opt/ceph/libceph-common.so.2" in found


if __name__ == "__main__":
    absltest.main()
