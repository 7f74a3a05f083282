# SPDX-License-Identifier: Apache-2.0
"""Cpusets relative to a topology: the six ways to say which CPUs a cgroup may use."""

from __future__ import annotations

import math

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.machine.topology import TopologyView
from ktstr.model.parameters import Parameters, parameters


@parameters
class Llc(Parameters):
    """All CPUs of LLC `index`."""

    index: int


@parameters
class Numa(Parameters):
    """All CPUs of NUMA node `index`."""

    index: int


@parameters
class Range(Parameters):
    """The usable CPUs from floor(n * start) up to floor(n * end)."""

    start: float
    end: float


@parameters
class Disjoint(Parameters):
    """Part `index` of `of` equal parts of the usable CPUs; the last part takes the remainder."""

    index: int
    of: int


@parameters
class Overlap(Parameters):
    """`Disjoint(index, of)` widened on both sides by int(part * frac) CPUs, clamped to the ends."""

    index: int
    of: int
    frac: float


@parameters
class Exact(Parameters):
    """Exactly these CPUs."""

    cpus: frozenset[int]


CpusetSpec = Llc | Numa | Range | Disjoint | Overlap | Exact


def resolve_cpuset(spec: CpusetSpec, view: TopologyView) -> frozenset[int]:
    """The CPUs that `spec` means on `view`, never empty.

    Raises:
        UsageError: an index, count or fraction is out of range, or the result would be empty.
    """
    if isinstance(spec, Llc | Numa):
        return _level(spec, view)
    if isinstance(spec, Exact):
        return _exact(spec, view)
    usable = view.usable_cpus
    if isinstance(spec, Range):
        _fraction(spec, "start", spec.start)
        _fraction(spec, "end", spec.end)
        if spec.start >= spec.end:
            raise UsageError(f"{spec}: start must be below end")
        low, high = math.floor(len(usable) * spec.start), math.floor(len(usable) * spec.end)
    else:
        low, high = _part(spec, len(usable))
    if low >= high:
        raise UsageError(f"{spec}: names no CPU of the {len(usable)} usable ones; widen it")
    return frozenset(usable[low:high])


def _level(spec: Llc | Numa, view: TopologyView) -> frozenset[int]:
    sets, noun = (view.llcs, "LLCs") if isinstance(spec, Llc) else (view.nodes, "NUMA nodes")
    if not 0 <= spec.index < len(sets):
        raise UsageError(f"{spec}: the machine has {len(sets)} {noun}, numbered from 0")
    if not sets[spec.index]:
        raise UsageError(f"{spec}: this node is memory alone; it has no CPU")
    return sets[spec.index]


def _exact(spec: Exact, view: TopologyView) -> frozenset[int]:
    if not spec.cpus:
        raise UsageError(f"{spec}: no CPU is named")
    beyond = spec.cpus - view.cpus
    if beyond:
        raise UsageError(
            f"Exact({format_cpulist(spec.cpus)}): CPUs {format_cpulist(beyond)} do not exist; "
            f"the machine has {format_cpulist(view.cpus)}"
        )
    return spec.cpus


def _part(spec: Disjoint | Overlap, usable: int) -> tuple[int, int]:
    if spec.of < 1:
        raise UsageError(f"{spec}: of must be at least 1")
    if not 0 <= spec.index < spec.of:
        raise UsageError(f"{spec}: index must be at least 0 and below of")
    if usable < spec.of:
        raise UsageError(f"{spec}: {usable} usable CPUs do not fill {spec.of} parts")
    chunk = usable // spec.of
    low = spec.index * chunk
    high = usable if spec.index == spec.of - 1 else low + chunk
    if isinstance(spec, Overlap):
        _fraction(spec, "frac", spec.frac)
        extra = int(chunk * spec.frac)
        low, high = max(0, low - extra), min(usable, high + extra)
    return low, high


def _fraction(spec: CpusetSpec, name: str, value: float) -> None:
    if not math.isfinite(value) or not 0.0 <= value <= 1.0:
        raise UsageError(f"{spec}: {name} must be a finite number from 0 to 1")
