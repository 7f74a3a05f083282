# SPDX-License-Identifier: Apache-2.0
"""Sets of cgroups, cg_0 and so on: alike, unlike, of all kinds, and confined to parts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from ktstr.model.machine.cpuset import Exact
from ktstr.model.scenario.scenario import CgroupDef
from ktstr.model.work.types import Bursty, CpuSpin, IoSync, Mixed, YieldHeavy
from ktstr.model.work.work import Work
from ktstr.scenarios.partition import Partition

# what a machine's load is made of, in turns
_DIVERSE = (
    Work(CpuSpin()),
    Work(Bursty(burst_us=50_000, sleep_us=100_000)),
    Work(IoSync(), workers=2),
    Work(Mixed()),
    Work(YieldHeavy()),
)


def alike(count: int, *works: Work) -> tuple[CgroupDef, ...]:
    """`count` cgroups, each with a group of workers for each of `works` (spinners if none)."""
    return tuple(CgroupDef(f"cg_{i}", works=works or (Work(),)) for i in range(count))


def unlike(*works: Work) -> tuple[CgroupDef, ...]:
    """One cgroup for each of `works`, with it."""
    return tuple(CgroupDef(f"cg_{i}", works=(work,)) for i, work in enumerate(works))


def diverse(count: int) -> tuple[CgroupDef, ...]:
    """`count` cgroups with spinning, bursty, file-writing, mixed and yielding workers, in turns."""
    return unlike(*(_DIVERSE[i % len(_DIVERSE)] for i in range(count)))


def confine(cgroups: Iterable[CgroupDef], parts: Partition) -> tuple[CgroupDef, ...]:
    """Each cgroup on the part of its position.

    Raises:
        ValueError: there are not as many parts as cgroups.
    """
    return tuple(
        dataclasses.replace(cgroup, cpuset=Exact(part))
        for cgroup, part in zip(cgroups, parts, strict=True)
    )
