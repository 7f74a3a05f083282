# SPDX-License-Identifier: Apache-2.0
"""Guest RAM as a file that travels: what is packed comes back, holes stay holes."""

import io
import os
import tempfile
from pathlib import Path
from unittest import mock

import zstandard
from absl.testing import absltest, parameterized
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ktstr.vm.saved import ram
from ktstr.vm.saved.template import TemplateError

_PAGES = 600
# A page's number and what it starts with; zero is a page that was written and is all zero.
_WRITTEN = st.dictionaries(st.integers(0, _PAGES - 1), st.integers(0, 255), max_size=40)


def _memory(written: dict[int, int], pages: int = _PAGES) -> int:
    fd = os.memfd_create("ram")
    os.truncate(fd, pages * ram.PAGE)
    for page, value in written.items():
        os.pwrite(fd, bytes([value]) + bytes(ram.PAGE - 2) + bytes([value]), page * ram.PAGE)
    return fd


def _content(fd: int) -> bytes:
    return os.pread(fd, os.fstat(fd).st_size, 0)


def _packed(fd: int) -> bytes:
    out = io.BytesIO()
    ram.pack(fd, out)
    return out.getvalue()


class RoundTripTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = Path(self.create_tempdir().full_path) / "ram.zst"

    @settings(deadline=None)
    @given(_WRITTEN)
    @example({})
    @example({0: 1})
    @example({_PAGES - 1: 7})
    @example({255: 1, 256: 2, 257: 3})
    @example(dict.fromkeys(range(_PAGES), 9))
    def test_comes_back_with_its_holes(self, written: dict[int, int]) -> None:
        source, copy = _memory(written), os.memfd_create("copy")
        try:
            self.path.write_bytes(_packed(source))
            ram.inflate(self.path, copy)
            self.assertEqual(_content(copy), _content(source))
            taken = sum(1 for value in written.values() if value)
            self.assertEqual(os.fstat(copy).st_blocks * 512, taken * ram.PAGE)
            self.assertEqual(sum(length for _, length in ram.extents(source)), taken * ram.PAGE)
        finally:
            os.close(source)
            os.close(copy)

    def test_neighbours_are_one_extent(self) -> None:
        source = _memory({3: 1, 4: 1, 255: 1, 256: 1, 300: 0, 599: 1})
        self.addCleanup(os.close, source)
        page = ram.PAGE
        expected = [(3 * page, 2 * page), (255 * page, 2 * page), (599 * page, page)]
        self.assertEqual(list(ram.extents(source)), expected)

    def test_same_memory_gives_the_same_bytes(self) -> None:
        one, other = _memory({3: 1, 9: 2}), _memory({9: 2, 3: 1, 50: 0})
        self.addCleanup(os.close, one)
        self.addCleanup(os.close, other)
        self.assertEqual(_packed(one), _packed(other))


class DamageTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        source = _memory({number: number % 251 for number in range(0, _PAGES, 3)})
        self.addCleanup(os.close, source)
        self.packed = _packed(source)
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.copy = os.memfd_create("copy")
        self.addCleanup(os.close, self.copy)

    def _inflate(self, data: bytes) -> None:
        path = Path(self.folder.name, "ram.zst")
        path.write_bytes(data)
        ram.inflate(path, self.copy)

    @settings(deadline=None)
    @given(st.data())
    def test_cut_anywhere(self, data: st.DataObject) -> None:
        end = data.draw(st.integers(0, len(self.packed) - 1))
        with self.assertRaisesRegex(TemplateError, r"ram\.zst: saved RAM is (cut short|damaged)"):
            self._inflate(self.packed[:end])

    @settings(deadline=None)
    @given(st.data())
    def test_altered_anywhere(self, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(self.packed) - 1))
        altered = bytearray(self.packed)
        altered[at] ^= data.draw(st.integers(1, 255))
        try:
            self._inflate(bytes(altered))
        except TemplateError:
            return
        # a bit of the header that means nothing: then what comes out is what went in
        source = _memory({number: number % 251 for number in range(0, _PAGES, 3)})
        self.addCleanup(os.close, source)
        self.assertEqual(_content(self.copy), _content(source))

    @parameterized.parameters(
        (b"KTRAM2\0\0" + bytes(16), "no saved RAM: it starts with b'KTRAM2"),
        (ram.HEAD.pack(ram.MAGIC, 4097, 0), "no saved RAM"),
        (ram.HEAD.pack(ram.MAGIC, 8192, 1) + ram.EXTENT.pack(4096, 8192), "8192 bytes at 0x1000"),
        (ram.HEAD.pack(ram.MAGIC, 8192, 1) + ram.EXTENT.pack(1, 4096), "4096 bytes at 0x1"),
        (ram.HEAD.pack(ram.MAGIC, 8192, 2) + ram.EXTENT.pack(0, 4096), "16 of 32 bytes"),
        (ram.HEAD.pack(ram.MAGIC, 8192, 0) + b"more", "more data than its table says"),
    )
    def test_tables_that_cannot_be(self, content: bytes, message: str) -> None:
        with self.assertRaisesRegex(TemplateError, message):
            self._inflate(zstandard.ZstdCompressor().compress(content))

    def test_full_file_system(self) -> None:
        full = os.open("/dev/full", os.O_WRONLY)
        self.addCleanup(os.close, full)
        path = Path(self.folder.name, "ram.zst")
        path.write_bytes(self.packed)
        with self.assertRaisesRegex(TemplateError, "cannot inflate the saved RAM"):
            ram.inflate(path, full)

    def test_no_memory(self) -> None:
        told = self.assertRaisesRegex(TemplateError, r"ram\.zst: no memory is left")
        with mock.patch.object(ram, "_inflate", side_effect=MemoryError), told:
            self._inflate(self.packed)


if __name__ == "__main__":
    absltest.main()
