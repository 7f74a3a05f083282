# SPDX-License-Identifier: Apache-2.0
"""Line tables of DWARF 5, made here byte by byte."""

from __future__ import annotations

import struct
from pathlib import Path

import zstandard
from absl.testing import absltest

from ktstr.introspect.coverage.lines import Row, rows_of
from ktstr.introspect.kernel.errors import KernelFileError

_LINE_STRP, _UDATA = 0x1F, 0xF
_STRINGS = b"/build/src/kernel/sched\0ext.c\0/build/src/include\0list.h\0mm.c\0"


def _at(name: str) -> bytes:
    return struct.pack("<I", _STRINGS.index(name.encode() + b"\0"))


def _unit(own: str, program: bytes, version: int = 5) -> bytes:
    """A unit with two files: its own, in the first directory, and a header in the second."""
    directories = b"\1\1" + bytes([_LINE_STRP, 2]) + _at("/build/src/kernel/sched")
    directories += _at("/build/src/include")
    files = b"\2\1" + bytes([_LINE_STRP, 2, _UDATA, 2])
    files += _at(own) + b"\0" + _at("list.h") + b"\1"
    lengths = bytes([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1])
    header = struct.pack("<BBBbBB", 1, 1, 1, -5, 14, 13) + lengths + directories + files
    rest = struct.pack("<HBBI", version, 8, 0, len(header)) + header + program
    return struct.pack("<I", len(rest)) + rest


def _program(start: int) -> bytes:
    """Line 7 for 4 bytes, line 100 of the header for 2, then line 9 for 10, then the end."""
    begin = b"\0\x09\2" + struct.pack("<Q", start) + b"\4\0" + b"\3\6" + b"\1"
    header = b"\2\4" + b"\4\1" + b"\3" + b"\xdd\0" + b"\1"
    back = b"\4\0" + b"\3" + b"\xa5\x7f" + bytes([13 + 2 * 14 + 5])
    return begin + header + back + b"\2\x0a" + b"\0\1\1"


def _elf(path: Path, sections: dict[str, bytes]) -> Path:
    names = b"\0" + b"".join(name.encode() + b"\0" for name in sections) + b".shstrtab\0"
    body, heads = b"", [bytes(64)]
    for name, content in {**sections, ".shstrtab": names}.items():
        place = names.index(b"\0" + name.encode() + b"\0") + 1
        heads.append(
            struct.pack("<IIQQQQIIQQ", place, 1, 0, 0, 64 + len(body), len(content), 0, 0, 1, 0)
        )
        body += content
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 2, 62, 1)
    header += struct.pack("<QQQ", 0, 0, 64 + len(body)) + struct.pack(
        "<IHHHHHH", 0, 64, 0, 0, 64, len(heads), len(heads) - 1
    )
    path.write_bytes(header + body + b"".join(heads))
    return path


class LinesTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)

    def _file(self, data: bytes) -> Path:
        return _elf(self.top / "vmlinux.dwarf", {".debug_line": data, ".debug_line_str": _STRINGS})

    def test_rows_of_the_wanted_unit_alone(self) -> None:
        units = _unit("mm.c", _program(0x1000)) + _unit("ext.c", _program(0x2000))
        rows = list(rows_of(self._file(units), lambda path: path.endswith("/ext.c")))
        ext, header = "/build/src/kernel/sched/ext.c", "/build/src/include/list.h"
        self.assertEqual(
            rows,
            [
                Row(0x2000, 0x2004, ext, 7),
                Row(0x2004, 0x2006, header, 100),
                Row(0x2006, 0x2010, ext, 9),
            ],
        )

    def test_compressed(self) -> None:
        units = _unit("ext.c", _program(0x2000))
        head = struct.pack("<IIQQ", 2, 0, len(units), 1)
        packed = head + zstandard.ZstdCompressor().compress(units)
        self.assertLen(list(rows_of(self._file(packed), lambda _: True)), 3)

    def test_what_is_not_read(self) -> None:
        whole = _unit("ext.c", _program(0x2000))
        for data, words in (
            (b"", "it has no .debug_line; build the kernel with DWARF"),
            (_unit("ext.c", b"", version=4), "version 4; DWARF 5 is read here"),
            (whole[:-9], "a unit of .debug_line at byte 0 has"),
            (struct.pack("<I", len(whole) - 8) + whole[4:-4], "is damaged: it ends too early"),
            (whole[:16] + b"\0" + whole[17:], "is damaged: .*zero"),
            (whole.replace(_at("ext.c"), b"\xff\0\0\0"), "is damaged: .*not found"),
            (whole.replace(b"\2\1\x1f\2\x0f\2", b"\0\xff\xff\xff\x0f\2"), "has 33554431 names"),
            (struct.pack("<IIQQ", 2, 0, 99, 1) + b"no zstd", "cannot be unpacked"),
        ):
            with self.assertRaisesRegex(KernelFileError, words):
                list(rows_of(self._file(data), lambda _: True))


if __name__ == "__main__":
    absltest.main()
