# SPDX-License-Identifier: Apache-2.0
"""Tasks that sleep for a disk beside tasks that do not, on more tasks than there are CPUs."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from ktstr import Bursty, CgroupDef, CpuSpin, Work, test

if TYPE_CHECKING:
    from ktstr import Context

_BLOCK = 64 << 10
_BLOCKS = 64
_SECONDS = 0.8


@test(duration=0.6, timeout=30)
def busy(ctx: Context) -> None:
    """A writer that syncs and a reader that misses the cache, while workers of two types run."""
    folder = ctx.disk("disk0").mount_point
    ends = [_started(_write, f"{folder}/written"), _started(_read, f"{folder}/read")]
    works = (Work(CpuSpin(), workers=3), Work(Bursty(burst_us=2_000, sleep_us=3_000), workers=3))
    ctx.run(CgroupDef("cg_0", works=works))
    for name, (pid, end) in zip(("writer", "reader"), ends, strict=True):
        rounds, longest_ns = os.read(end, 100).split()
        ctx.note(f"{name}'s rounds", int(rounds))
        ctx.note(f"{name}'s longest round, ns", int(longest_ns))
        os.close(end)
        os.waitpid(pid, 0)


def _started(play: object, path: str) -> tuple[int, int]:
    """A child that plays rounds for _SECONDS; its pid, and where it tells their number."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid:
        os.close(theirs)
        return pid, ours
    assert callable(play)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.write(file, bytes(_BLOCK) * _BLOCKS)
    os.fsync(file)
    rounds, longest_ns, now = 0, 0, time.monotonic_ns()
    end = now + int(_SECONDS * 1e9)
    while now < end:
        play(file, rounds)
        rounds, began, now = rounds + 1, now, time.monotonic_ns()
        longest_ns = max(longest_ns, now - began)
    os.write(theirs, f"{rounds} {longest_ns}".encode())
    os._exit(0)


def _write(file: int, round_: int) -> None:
    os.pwrite(file, bytes([round_ % 256]) * _BLOCK, round_ * 7 % _BLOCKS * _BLOCK)
    os.fsync(file)


def _read(file: int, round_: int) -> None:
    offset = round_ * 11 % _BLOCKS * _BLOCK
    os.posix_fadvise(file, offset, _BLOCK, os.POSIX_FADV_DONTNEED)
    os.pread(file, _BLOCK, offset)
