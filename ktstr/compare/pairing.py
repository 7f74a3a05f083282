# SPDX-License-Identifier: Apache-2.0
"""Which results of two sets belong together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ktstr.history.entry import EXACT_ACCEL, Variant
from ktstr.history.queries import Row
from ktstr.history.where import Condition
from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean

# What two results have in common unless a set of conditions says otherwise.
PAIRED_BY = ("label", "test", "topology", "kernel", "scheduler", "accel")

Key = tuple[str, ...]


@dataclass
class Pair:
    """Results of both sides with one key, the latest last; exact: of virtual time."""

    key: Key
    exact: bool
    base: list[Row] = field(default_factory=list)
    new: list[Row] = field(default_factory=list)


def dimensions(
    base: Sequence[Condition], new: Sequence[Condition], asked: str | None
) -> tuple[str, ...]:
    """What pairs are made by: `asked`, with commas, or all that the sets do not set apart.

    Sets that differ by scheduler mostly lie in targets of their own, whose labels differ, too.

    Raises:
        UsageError: there is no such dimension.
    """
    if asked is not None:
        chosen = tuple(each.strip() for each in asked.split(",") if each.strip())
        for each in chosen:
            if each not in (*PAIRED_BY, "source"):
                known = (*PAIRED_BY, "source")
                raise UsageError(
                    f"--pair: there is no {each!r}{did_you_mean(each, known)}; pairs are made by "
                    f"{', '.join(known)}"
                )
        return chosen
    apart = {each.dimension for each in set(base) ^ set(new)}
    if "scheduler" in apart:
        apart.add("label")
    return tuple(each for each in PAIRED_BY if each not in apart)


def paired(
    base: Iterable[Row],
    new: Iterable[Row],
    variants: Mapping[int, Variant],
    by: Sequence[str],
) -> dict[Key, Pair]:
    """All pairs, also those of which one side has nothing, in the order of their keys."""
    pairs: dict[Key, Pair] = {}
    keys: dict[tuple[int, str], tuple[Key, bool]] = {}
    for side, found in (("base", base), ("new", new)):
        for row in found:
            place = (row.variant, row.seed)
            if place not in keys:
                keys[place] = _key(variants[row.variant], row.seed, by)
            key, exact = keys[place]
            pair = pairs.get(key)
            if pair is None:
                pair = pairs[key] = Pair(key, exact)
            (pair.base if side == "base" else pair.new).append(row)
    return dict(sorted(pairs.items()))


def _key(variant: Variant, seed: str, by: Sequence[str]) -> tuple[Key, bool]:
    exact = variant.accel == EXACT_ACCEL
    values = tuple(str(getattr(variant, each)) for each in by)
    return ((*values, seed) if exact else (*values, "")), exact
