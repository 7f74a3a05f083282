# SPDX-License-Identifier: Apache-2.0
"""Work that scenarios name by what it does to a CPU."""

from __future__ import annotations

from ktstr.model.work.types import Bursty, CpuSpin
from ktstr.model.work.work import Work


def spinners(workers: int) -> Work:
    """So many workers that never leave the CPU by themselves."""
    return Work(CpuSpin(), workers=workers)


def bursty(workers: int, burst_ms: int, sleep_ms: int) -> Work:
    """So many workers that spin for `burst_ms` and sleep for `sleep_ms`, in turns."""
    return Work(Bursty(burst_us=1000 * burst_ms, sleep_us=1000 * sleep_ms), workers=workers)
