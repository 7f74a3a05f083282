# SPDX-License-Identifier: Apache-2.0
"""Relations between a value and its bounds: how authors say them."""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean
from ktstr.model.verdict.claims import Relation, StatClaim

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
        return self.satisfies(Relation("subset_of", (plain(_collection(items)),)))

    def superset_of(self, items: Iterable[Any]) -> R:
        """A collection that has all of `items`."""
        return self.satisfies(Relation("superset_of", (plain(_collection(items)),)))

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
    """Makes relations for any_of and all_of, and for conditions: `it.below(1)`."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """A misspelt relation: UsageError; what Python itself looks for: AttributeError."""
            if name.startswith("_"):
                raise AttributeError(name)
            raise UsageError(f"it.{name}: {_no_relation(name)}")

    def satisfies(self, relation: Relation) -> Relation:
        """The relation itself."""
        return relation


class Stat(Relatable[StatClaim]):
    """A figure of the result, by its name."""

    def __init__(self, name: str, step: str = "") -> None:
        self._name, self._step = name, step

    def satisfies(self, relation: Relation) -> StatClaim:
        """The claim that the figure satisfies the relation."""
        return StatClaim(self._name, relation, self._step)


it = It()
"""Relations without a value yet, for `satisfies`: `it.between(1, 2)`."""


def stat(name: str, step: str | int | None = None) -> Stat:
    """A figure of the result to claim something about: `stat("cg_0.iterations").at_least(100)`.

    `step` is the number or name of the step that is meant; None: the whole run, or the step that
    `name` begins with.

    Raises:
        UsageError: the step is empty, or neither number nor name.
    """
    if step is not None and (isinstance(step, bool) or not isinstance(step, int | str)):
        raise UsageError(f"stat({name!r}): step is {step!r}; give its number or its name")
    if step == "":
        raise UsageError(f"stat({name!r}): step is empty; give its number or its name")
    return Stat(name, "" if step is None else str(step))


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


def _collection(items: Iterable[Any]) -> list[Any]:
    if isinstance(items, str) or not isinstance(items, Iterable):
        raise UsageError(f"a collection is expected, {type(items).__name__} was given")
    return sorted(items) if isinstance(items, set | frozenset) else list(items)


def holds(relation: Relation, value: Any) -> bool | None:
    """Whether `value` (as `plain` gives it) satisfies the relation; None where there is no value.

    Raises:
        UsageError: the relation says nothing about values of this type.
    """
    if relation.op in ("any_of", "all_of"):
        found = [holds(part, value) for part in relation.parts]
        decisive = relation.op == "any_of"
        return decisive if decisive in found else None if None in found else not decisive
    if value is None:
        return None
    test, types = _TESTS[relation.op]
    if types and (isinstance(value, bool) or not isinstance(value, types)):
        raise UsageError(
            f"{words(relation)}: {' or '.join(each.__name__ for each in types)} is expected, "
            f"{type(value).__name__} was given"
        )
    try:
        return bool(test(value, *relation.bounds))
    except TypeError as error:
        raise UsageError(f"{words(relation)}: {value!r} cannot be compared: {error}") from error


def check_relation(relation: Relation) -> None:
    """Refuses a relation that `ktstr.it` cannot have made.

    Raises:
        UsageError: there is none of its name; the nearest is named.
    """
    if relation.op not in _TESTS and relation.op not in ("any_of", "all_of"):
        raise UsageError(_no_relation(relation.op))
    for part in relation.parts:
        check_relation(part)


def _no_relation(name: str) -> str:
    known = (*_TESTS, "any_of", "all_of")
    return f"there is no relation {name!r}{did_you_mean(name, known)}; there are {', '.join(known)}"


def words(relation: Relation) -> str:
    """E.g. `at least 3`, `between 1 and 2`, `below 1 or above 3`."""
    if relation.parts:
        glue = " or " if relation.op == "any_of" else " and "
        return glue.join(words(part) for part in relation.parts)
    if relation.op == "near":
        return f"within {relation.bounds[1]!r} of {relation.bounds[0]!r}"
    shown = " and ".join(repr(bound) for bound in relation.bounds)
    return f"{_WORDS.get(relation.op, relation.op.replace('_', ' '))} {shown}".rstrip()


_WORDS = {
    "equals": "equal to",
    "differs_from": "different from",
    "is_finite": "finite",
    "contains": "containing",
    "subset_of": "a subset of",
    "superset_of": "a superset of",
    "non_empty": "not empty",
    "is_sorted": "sorted",
}
_NUMBER = (int, float)
_MANY = (list,)
_TESTS: dict[str, tuple[Callable[..., Any], tuple[type, ...]]] = {
    "at_least": (lambda value, bound: value >= bound, _NUMBER),
    "at_most": (lambda value, bound: value <= bound, _NUMBER),
    "above": (lambda value, bound: value > bound, _NUMBER),
    "below": (lambda value, bound: value < bound, _NUMBER),
    "between": (lambda value, low, high: low <= value <= high, _NUMBER),
    "near": (lambda value, target, eps: abs(value - target) <= eps, _NUMBER),
    "equals": (lambda value, other: value == other, ()),
    "differs_from": (lambda value, other: value != other, ()),
    "is_finite": (math.isfinite, _NUMBER),
    "contains": (lambda value, item: item in value, (list, str)),
    "subset_of": (lambda value, items: all(item in items for item in value), _MANY),
    "superset_of": (lambda value, items: all(item in value for item in items), _MANY),
    "non_empty": (lambda value: len(value) > 0, (list, str)),
    "is_sorted": (lambda value: all(a <= b for a, b in itertools.pairwise(value)), _MANY),
}
