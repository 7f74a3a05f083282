# SPDX-License-Identifier: Apache-2.0
"""The hung guest that was kept: opening it, and what a post-mortem says of it, as text."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import zstandard

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.recorded import RecordedMemory
from ktstr.introspect.postmortem.state import PostMortem
from ktstr.introspect.snapshot.text import as_text

# The note in the core that says of which kernel it is, by the bytes of its vmlinux.
NOTE = "KTSTR"
CAUSE = "the test's body: not reached within 3.0 s"
_PLACE = Path(__file__).parent / "testdata"
_MOST_BYTES = 1 << 26


def kernel_digest(vmlinux: Path) -> bytes:
    """What NOTE holds."""
    return hashlib.sha256(vmlinux.read_bytes()).digest()


def kernel() -> Kernel:
    """The kernel of the environment's KERNEL: the paths of an index, and of a vmlinux' files."""
    index, *files = map(Path, os.environ["KERNEL"].split())
    vmlinux = next(each for each in files if each.name == "vmlinux")
    return Kernel.open(vmlinux, index)


def vmlinux() -> Path:
    """The file of that kernel."""
    return next(each for each in map(Path, os.environ["KERNEL"].split()) if each.name == "vmlinux")


def opened(directory: Path) -> RecordedMemory:
    """The guest's memory, unpacked into a directory."""
    path = directory / "hung.core"
    packed = (_PLACE / "hung.core.zst").read_bytes()
    path.write_bytes(zstandard.ZstdDecompressor().decompress(packed, _MOST_BYTES))
    return RecordedMemory(path)


def golden() -> str:
    """The words that are expected."""
    return (_PLACE / "hung.txt").read_text()


def words(found: PostMortem) -> str:
    """All of a post-mortem, but the middle of the log."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: PostMortem) -> Iterator[str]:
    yield from found.waits
    yield ""
    yield as_text(found.snapshot)
    for stack in found.stacks:
        where = f" on CPU {stack.cpu}" if stack.cpu is not None else ""
        frames = " < ".join(stack.frames)
        yield f"{stack.comm}[{stack.pid}]{where}: {frames} {stack.problem}".rstrip()
    yield ""
    log = [record.line() for record in found.log]
    yield from (*log[:3], f"({len(log) - 8} more)", *log[-5:])
    yield from (f"not read: {each}" for each in found.missing)
