# SPDX-License-Identifier: Apache-2.0
"""A guest's RAM as a small file: its pages that are not zero, compressed.

Inside one zstd frame (with its checksum): "KTRAM1\\0\\0", u64 bytes of RAM, u64 number of extents;
u64 offset and u64 length of each, whole pages, in order; their bytes. All little endian.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard

from ktstr.vm.saved.template import TemplateError

PAGE = 4096
MAGIC = b"KTRAM1\0\0"
HEAD = struct.Struct("<8sQQ")
EXTENT = struct.Struct("<QQ")
_ZEROS = bytes(PAGE)
_CHUNK = 1 << 20
_NO_CHUNK = bytes(_CHUNK)
# Compressed bytes at once: what they make of zero-like data may be large.
_READ_SIZE = 1 << 17
# More than QEMU gives to a guest here; a damaged size must not become a file of exabytes.
_MOST_BYTES = 1 << 44
# The same on every machine, for the artifact's bytes. Long matches: the same libraries lie in the
# page cache and in the unpacked initramfs.
_LEVEL = 9
_WINDOW_LOG = 27


def extents(fd: int) -> Iterator[tuple[int, int]]:
    """Offset and length of each run of pages that are not zero, in order."""
    begin = end = -1
    for offset, data in chunks(fd):
        for at in range(0, len(data), PAGE):
            if data[at : at + PAGE] == _ZEROS:
                continue
            if offset + at != end:
                if end > begin:
                    yield begin, end - begin
                begin = offset + at
            end = offset + at + PAGE
    if end > begin:
        yield begin, end - begin


def chunks(fd: int) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes of whatever in the file is not a hole, a mebibyte at most at once."""
    size = os.fstat(fd).st_size
    at = 0
    while at < size:
        try:
            at = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:
            return  # ENXIO: only a hole is left
        hole = os.lseek(fd, at, os.SEEK_HOLE)
        while at < hole:
            data = os.pread(fd, min(_CHUNK, hole - at), at)
            if not data:
                return
            if data != _NO_CHUNK:
                yield at, data
            at += len(data)


def pack(fd: int, out: BinaryIO) -> None:
    """Writes the RAM in the file `fd`, whole pages, to `out`. The same RAM gives the same bytes."""
    size = os.fstat(fd).st_size
    found = list(extents(fd))
    length = HEAD.size + sum(EXTENT.size + each for _, each in found)
    parameters = zstandard.ZstdCompressionParameters.from_level(
        _LEVEL,
        source_size=length,
        window_log=_WINDOW_LOG,
        enable_ldm=True,
        write_checksum=True,
        write_content_size=True,
    )
    compressor = zstandard.ZstdCompressor(compression_params=parameters)
    with compressor.stream_writer(out, size=length, closefd=False) as writer:
        writer.write(HEAD.pack(MAGIC, size, len(found)))
        writer.write(b"".join(EXTENT.pack(*each) for each in found))
        for offset, left in found:
            for at in range(offset, offset + left, _CHUNK):
                writer.write(os.pread(fd, min(_CHUNK, offset + left - at), at))


def inflate(path: Path, fd: int) -> None:
    """Writes the RAM packed in `path` to the empty file `fd`; what is not in it stays a hole.

    Raises:
      TemplateError: the packed file is damaged, there is no memory to unpack it, or `fd` cannot be
        written, e.g. for want of space.
    """
    try:
        with path.open("rb") as file:
            _inflate(_Reader(file, path), fd)
    except zstandard.ZstdError as error:
        problem = "is damaged, or there is too little memory to unpack it"
        raise TemplateError(f"{path}: saved RAM {problem}: {error}") from None
    except MemoryError:
        raise TemplateError(f"cannot inflate the saved RAM {path}: no memory is left") from None
    except OSError as error:
        raise TemplateError(f"cannot inflate the saved RAM {path}: {error}") from None


def _inflate(reader: _Reader, fd: int) -> None:
    magic, size, count = HEAD.unpack(reader.exactly(HEAD.size))
    if magic != MAGIC or size % PAGE or size > _MOST_BYTES or count > size // PAGE:
        raise TemplateError(
            f"{reader.path}: no saved RAM: it starts with {magic!r}, {size} bytes in {count} parts"
        )
    table = reader.exactly(count * EXTENT.size)
    os.truncate(fd, size)
    end = 0
    for offset, length in EXTENT.iter_unpack(table):
        if offset < end or offset + length > size or not length or (offset | length) % PAGE:
            raise TemplateError(
                f"{reader.path}: saved RAM is damaged: {length} bytes at {offset:#x}"
            )
        end = offset + length
        for at in range(offset, end, _CHUNK):
            _write(fd, reader.exactly(min(_CHUNK, end - at)), at)
    reader.finish()


class _Reader:
    """What is in a zstd frame, to its checked end; zstandard's own does not tell a cut off one."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.path = path
        self._file = file
        decompressor = zstandard.ZstdDecompressor(max_window_size=1 << _WINDOW_LOG)
        self._frame = decompressor.decompressobj(write_size=_CHUNK)
        self._data = memoryview(b"")

    def exactly(self, size: int) -> bytes:
        """The next `size` bytes."""
        parts = []
        left = size
        while left:
            if not self._data:
                self._fill(left, size)
            parts.append(self._data[:left])
            self._data = self._data[left:]
            left -= len(parts[-1])
        return b"".join(parts)

    def finish(self) -> None:
        """Checks that nothing is left, and that the frame is whole."""
        while not self._frame.eof and not self._data:
            self._fill(0, 0)
        if self._data or self._frame.unused_data or self._file.read(1):
            raise TemplateError(f"{self.path}: saved RAM is damaged: more data than its table says")

    def _fill(self, left: int, size: int) -> None:
        data = b"" if self._frame.eof else self._file.read(_READ_SIZE)
        if not data:
            where = f"{left} of {size} bytes are missing" if left else "its end is missing"
            raise TemplateError(f"{self.path}: saved RAM is cut short: {where}")
        self._data = memoryview(self._frame.decompress(data))


def _write(fd: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, at)
        view, at = view[written:], at + written
