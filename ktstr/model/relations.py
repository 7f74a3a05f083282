# SPDX-License-Identifier: Apache-2.0
"""Relations between a value and its bounds: how authors say them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from ktstr.model.claims import Relation, StatClaim
from ktstr.model.errors import UsageError

R = TypeVar("R")


class Relatable(ABC, Generic[R]):
    """Something that relations can be asked of.

    Bounds are numbers, truth values, texts, and collections of these.  All methods raise UsageError
    for bounds that nothing could meet or miss.
    """

    @abstractmethod
    def satisfies(self, relation: Relation) -> R:
        """Takes a relation that `ktstr.it` made."""

    def at_least(self, bound: float) -> R:
        """value >= bound."""
        return self._numbers("at_least", bound)

    def at_most(self, bound: float) -> R:
        """value <= bound."""
        return self._numbers("at_most", bound)

    def above(self, bound: float) -> R:
        """value > bound."""
        return self._numbers("above", bound)

    def below(self, bound: float) -> R:
        """value < bound."""
        return self._numbers("below", bound)

    def between(self, low: float, high: float) -> R:
        """low <= value <= high."""
        if low > high:
            raise UsageError(f"between({low}, {high}): the lower bound comes first")
        return self._numbers("between", low, high)

    def near(self, target: float, eps: float) -> R:
        """|value - target| <= eps."""
        if eps < 0:
            raise UsageError(f"near({target}, {eps}): eps must not be negative")
        return self._numbers("near", target, eps)

    def equals(self, other: Any) -> R:
        """value == other; a set is compared as the sorted list of its items."""
        return self.satisfies(Relation("equals", (plain(other),)))

    def differs_from(self, other: Any) -> R:
        """value != other."""
        return self.satisfies(Relation("differs_from", (plain(other),)))

    def is_finite(self) -> R:
        """A number that is neither infinite nor NaN."""
        return self.satisfies(Relation("is_finite"))

    def contains(self, item: Any) -> R:
        """A collection that has `item`, or a text that has it as a part."""
        return self.satisfies(Relation("contains", (plain(item),)))

    def subset_of(self, items: Iterable[Any]) -> R:
        """A collection whose items are all among `items`."""
        return self.satisfies(Relation("subset_of", (plain(list(items)),)))

    def superset_of(self, items: Iterable[Any]) -> R:
        """A collection that has all of `items`."""
        return self.satisfies(Relation("superset_of", (plain(list(items)),)))

    def non_empty(self) -> R:
        """A collection or text that is not empty."""
        return self.satisfies(Relation("non_empty"))

    def is_sorted(self) -> R:
        """A sequence of which no item is greater than the next."""
        return self.satisfies(Relation("is_sorted"))

    def any_of(self, *relations: Relation) -> R:
        """At least one of the relations, which `ktstr.it` makes."""
        return self._combined("any_of", relations)

    def all_of(self, *relations: Relation) -> R:
        """All of the relations, which `ktstr.it` makes."""
        return self._combined("all_of", relations)

    def _numbers(self, op: str, *bounds: float) -> R:
        for bound in bounds:
            if isinstance(bound, bool) or not isinstance(bound, int | float):
                raise UsageError(f"{op}: a number is expected, {type(bound).__name__} was given")
            if not math.isfinite(bound):
                raise UsageError(f"{op}: the bound is {bound}; it must be finite")
        return self.satisfies(Relation(op, bounds))

    def _combined(self, op: str, relations: tuple[Relation, ...]) -> R:
        if not relations or not all(isinstance(each, Relation) for each in relations):
            raise UsageError(f"{op}: relations are expected, e.g. {op}(it.below(1), it.above(3))")
        return self.satisfies(Relation(op, (), relations))


class It(Relatable[Relation]):
    """Makes relations for any_of and all_of: `it.below(1)`."""

    def satisfies(self, relation: Relation) -> Relation:
        """The relation itself."""
        return relation


class Stat(Relatable[StatClaim]):
    """A figure of the result, by its name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def satisfies(self, relation: Relation) -> StatClaim:
        """The claim that the figure satisfies the relation."""
        return StatClaim(self._name, relation)


it = It()


def stat(name: str) -> Stat:
    """A figure of the result to claim something about: `stat("cg_0.iterations").at_least(100)`."""
    return Stat(name)


def plain(value: Any) -> Any:
    """A value as JSON has it: sets as sorted lists, tuples as lists, a NaN as None.

    Raises:
        UsageError: it is no number, truth value, text, None, or collection of these.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, set | frozenset):
        return [plain(item) for item in sorted(value)]
    if isinstance(value, list | tuple | range):
        return [plain(item) for item in value]
    raise UsageError(
        f"{type(value).__name__} is no number, truth value, text, or collection of these"
    )
