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

from ktstr.vm.template import TemplateError

PAGE = 4096
_MAGIC = b"KTRAM1\0\0"
_HEAD = struct.Struct("<8sQQ")
_EXTENT = struct.Struct("<QQ")
_ZEROS = bytes(PAGE)
_CHUNK = 1 << 20
_NO_CHUNK = bytes(_CHUNK)
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
    length = _HEAD.size + sum(_EXTENT.size + each for _, each in found)
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
        writer.write(_HEAD.pack(_MAGIC, size, len(found)))
        writer.write(b"".join(_EXTENT.pack(*each) for each in found))
        for offset, left in found:
            for at in range(offset, offset + left, _CHUNK):
                writer.write(os.pread(fd, min(_CHUNK, offset + left - at), at))


def inflate(path: Path, fd: int) -> None:
    """Writes the RAM packed in `path` to the empty file `fd`; what is not in it stays a hole.

    Raises:
      TemplateError: the packed file is damaged, or `fd` cannot be written, e.g. for want of space.
    """
    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << _WINDOW_LOG)
    try:
        with path.open("rb") as file, decompressor.stream_reader(file, read_size=_CHUNK) as reader:
            _inflate(reader, path, fd)
    except zstandard.ZstdError as error:
        raise TemplateError(f"{path}: saved RAM is damaged: {error}") from None
    except OSError as error:
        raise TemplateError(f"cannot inflate the saved RAM {path}: {error}") from None


def _inflate(reader: zstandard.ZstdDecompressionReader, path: Path, fd: int) -> None:
    magic, size, count = _HEAD.unpack(_exactly(reader, _HEAD.size, path))
    if magic != _MAGIC or size % PAGE:
        raise TemplateError(f"{path}: no saved RAM: it starts with {magic!r}, {size} bytes")
    table = _exactly(reader, count * _EXTENT.size, path)
    os.truncate(fd, size)
    end = 0
    for offset, length in _EXTENT.iter_unpack(table):
        if offset < end or offset + length > size or not length or (offset | length) % PAGE:
            raise TemplateError(f"{path}: saved RAM is damaged: {length} bytes at {offset:#x}")
        end = offset + length
        for at in range(offset, end, _CHUNK):
            _write(fd, _exactly(reader, min(_CHUNK, end - at), path), at)
    if reader.read(1):
        raise TemplateError(f"{path}: saved RAM is damaged: more data than its table says")


def _exactly(reader: zstandard.ZstdDecompressionReader, size: int, path: Path) -> bytes:
    data = reader.read(size)
    if len(data) == size:
        return data
    parts = [data]
    left = size - len(data)
    while left and (data := reader.read(left)):
        parts.append(data)
        left -= len(data)
    if left:
        raise TemplateError(f"{path}: saved RAM is cut short: {left} of {size} bytes are missing")
    return b"".join(parts)


def _write(fd: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, at)
        view, at = view[written:], at + written
