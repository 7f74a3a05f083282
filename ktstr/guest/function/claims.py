# SPDX-License-Identifier: Apache-2.0
"""Claims of a test function: recorded as facts, which the host judges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ktstr.model.errors import UsageError
from ktstr.model.verdict.claim_facts import ClaimFacts
from ktstr.model.verdict.claims import Relation
from ktstr.model.verdict.relations import Relatable, holds, plain


class Claim(Relatable["Claim"]):
    """A value that a function has named, to say what must be true of it: `.at_least(3)`.

    Each relation is a claim of its own; they can follow one another.
    """

    def __init__(self, name: str, value: Any, emit: Callable[[ClaimFacts], None]) -> None:
        self._name, self._emit = name, emit
        try:
            self._value = plain(value)
        except (UsageError, TypeError) as error:
            raise UsageError(f"claim {name!r}: {error}") from error
        self._related = False

    def satisfies(self, relation: Relation) -> Claim:
        """Records that the value must satisfy `relation`, which `ktstr.it` makes.

        Raises:
            UsageError: the relation says nothing about values of this type.
        """
        try:
            passed = holds(relation, self._value)
        except UsageError as error:
            raise UsageError(f"claim {self._name!r}: {error}") from error
        self._related = True
        self._emit(ClaimFacts(self._name, self._value, relation, passed))
        return self

    def close(self) -> None:
        """Records a claim of which nothing was said."""
        if not self._related:
            self._emit(ClaimFacts(self._name, self._value, None, None))


class Claims:
    """All claims of one function."""

    def __init__(self, emit: Callable[[ClaimFacts], None]) -> None:
        self._emit = emit
        self._made: list[Claim] = []

    def make(self, name: str, value: Any) -> Claim:
        """A new claim.

        Raises:
            UsageError: the value is of a type that nothing can be claimed of.
        """
        claim = Claim(name, value, self._emit)
        self._made.append(claim)
        return claim

    def close(self) -> None:
        """Records the claims that were left open."""
        for claim in self._made:
            claim.close()
