# SPDX-License-Identifier: Apache-2.0
"""Which CPUs a worker is bound to (spec 2.9)."""

from __future__ import annotations

from collections.abc import Callable

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.machine.topology import TopologyView
from ktstr.model.work.place import check_affinity, sibling_pairs
from ktstr.model.work.work import (
    AffinityKind,
    CrossCgroup,
    ExactCpus,
    LlcAligned,
    RandomSubset,
    SingleCpu,
    SmtSiblingPair,
)

Draw = Callable[[list[int], int], list[int]]


def resolve_affinity(
    kind: AffinityKind, pool: frozenset[int], view: TopologyView, draw: Draw, index: int = 0
) -> frozenset[int] | None:
    """The CPUs `kind` means for worker `index` of a group with the cpuset `pool`; None: any.

    `draw(population, count)` takes a random sample; only RandomSubset calls it.

    Raises:
        UsageError: the named CPUs and the pool have none in common, or it has no SMT siblings.
    """
    if isinstance(kind, CrossCgroup):
        return view.cpus
    if isinstance(kind, SingleCpu):
        return frozenset((min(pool),))
    if isinstance(kind, RandomSubset):
        return frozenset(draw(sorted(pool), max(1, len(pool) // 2)))
    if isinstance(kind, LlcAligned):
        # max() keeps the first of equals: the lowest index on a tie
        return max((llc & pool for llc in view.llcs), key=len, default=frozenset()) or None
    if isinstance(kind, ExactCpus):
        return _exact(kind, pool)
    if isinstance(kind, SmtSiblingPair):
        check_affinity(kind, pool, view)
        pairs = sibling_pairs(pool, view)
        return frozenset((pairs[index // 2 % len(pairs)][index % 2],))
    return None


def _exact(kind: ExactCpus, pool: frozenset[int]) -> frozenset[int]:
    cpus = kind.cpus & pool
    if not cpus:
        raise UsageError(
            f"ExactCpus({format_cpulist(kind.cpus)}): none of these is among the cgroup's CPUs "
            f"{format_cpulist(pool)}"
        )
    return cpus
