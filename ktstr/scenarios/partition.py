# SPDX-License-Identifier: Apache-2.0
"""Ways to divide a machine among cgroups: sets of CPUs, from a topology alone.

All but `holdback` divide the usable CPUs, and so leave the last one to the harness where there are
more than two.  None of them gives an empty set.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ktstr.model.errors import UsageError
from ktstr.model.machine.topology import TopologyView

Partition = tuple[frozenset[int], ...]
"""The CPUs of each part."""


def llc_aligned(view: TopologyView) -> Partition:
    """The usable CPUs of each LLC, in order; an LLC without any is left out."""
    usable = frozenset(view.usable_cpus)
    return tuple(cpus for llc in view.llcs if (cpus := llc & usable))


def split_half(view: TopologyView) -> Partition:
    """Two halves; the second has the odd CPU.

    Raises:
        UsageError: the machine has a single usable CPU.
    """
    return _cut(view.usable_cpus, len(view.usable_cpus) // 2)


def split_misaligned(view: TopologyView) -> Partition:
    """Two parts of which the second straddles the border of LLC 0: cut in the middle of that LLC.

    With one LLC there is no border, and these are halves.

    Raises:
        UsageError: the machine has a single usable CPU.
    """
    if len(view.llcs) < 2:
        return split_half(view)
    return _cut(view.usable_cpus, len(view.llcs[0]) // 2)


def uneven(view: TopologyView, share: float) -> Partition:
    """A part with this share of the CPUs (above 0, below 1), and the rest.

    Raises:
        UsageError: the share is out of range, or the machine has a single usable CPU.
    """
    _check_share("uneven", share)
    return _cut(view.usable_cpus, int(len(view.usable_cpus) * share))


def holdback(view: TopologyView, share: float) -> Partition:
    """Halves of what is left when this share of all CPUs (above 0, below 1) stays free.

    Raises:
        UsageError: the share is out of range, or fewer than two CPUs are left.
    """
    _check_share("holdback", share)
    ordered = sorted(view.cpus)
    kept = ordered[: len(ordered) - int(len(ordered) * share)]
    return _cut(kept, len(kept) // 2)


def thirds(view: TopologyView) -> Partition:
    """Three parts; the last takes the remainder.

    Raises:
        UsageError: the machine has fewer than three usable CPUs.
    """
    usable = view.usable_cpus
    size = len(usable) // 3
    if not size:
        raise UsageError(f"thirds: {len(usable)} usable CPUs do not fill three parts")
    return (
        frozenset(usable[:size]),
        frozenset(usable[size : 2 * size]),
        frozenset(usable[2 * size :]),
    )


def overlapping(view: TopologyView, count: int, share: float) -> Partition:
    """`count` windows of equal size, each sharing `share` (0 to 1) of its CPUs with the next.

    They go on at the front when they come to the end.  A window has at least two CPUs where the
    machine has them, for one CPU cannot be shared in part.

    Raises:
        UsageError: the count is below 1, or the share out of range.
    """
    if count < 1:
        raise UsageError(f"overlapping: {count} windows; at least 1 is needed")
    if not 0.0 <= share <= 1.0:
        raise UsageError(f"overlapping: share {share} is not within 0 to 1")
    usable = view.usable_cpus
    size = min(len(usable), max(2, len(usable) // count))
    stride = max(1, size - math.ceil(size * share))
    return tuple(
        frozenset(usable[(i * stride + k) % len(usable)] for k in range(size)) for i in range(count)
    )


def _cut(cpus: Sequence[int], at: int) -> Partition:
    """The CPUs before and from position `at` on, at least one on either side."""
    if len(cpus) < 2:
        raise UsageError(f"{len(cpus)} CPU cannot be divided among two cgroups")
    at = min(max(1, at), len(cpus) - 1)
    return frozenset(cpus[:at]), frozenset(cpus[at:])


def _check_share(what: str, share: float) -> None:
    if not 0.0 < share < 1.0:
        raise UsageError(f"{what}: share {share} is not between 0 and 1")
