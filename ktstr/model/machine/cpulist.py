# SPDX-License-Identifier: Apache-2.0
"""The kernel's CPU list format: `0-3,5` (Documentation/admin-guide/cputopology.rst)."""

from __future__ import annotations

from collections.abc import Iterable

from ktstr.model.errors import UsageError

_MAX_CPU = 8191
_MAX_DIGITS = 20


def parse_cpulist(text: str) -> frozenset[int]:
    """The set of CPUs (or nodes) that `text` names; an empty or blank text names none.

    Raises:
        UsageError: a part is not `N` or `N-M` with N <= M <= 8191.
    """
    cpus: set[int] = set()
    stripped = text.strip()
    if not stripped:
        return frozenset()
    for part in stripped.split(","):
        first, dash, last = part.strip().partition("-")
        last = last if dash else first
        if not (first.isdecimal() and last.isdecimal()):
            raise UsageError(f"CPU list {text!r}: {part.strip()!r} is neither N nor N-M")
        # int() refuses very long numbers with an error of its own
        low, high = (int(number[:_MAX_DIGITS]) for number in (first, last))
        if low > high or high > _MAX_CPU:
            raise UsageError(
                f"CPU list {text!r}: {part.strip()!r} must rise and stay at or below {_MAX_CPU}"
            )
        cpus.update(range(low, high + 1))
    return frozenset(cpus)


def format_cpulist(cpus: Iterable[int]) -> str:
    """The shortest list that names exactly `cpus`, ranges joined by `-`; empty for none."""
    parts: list[str] = []
    ordered = sorted(set(cpus))
    start = 0
    for i, cpu in enumerate(ordered):
        if i + 1 < len(ordered) and ordered[i + 1] == cpu + 1:
            continue
        first = ordered[start]
        parts.append(str(first) if first == cpu else f"{first}-{cpu}")
        start = i + 1
    return ",".join(parts)
