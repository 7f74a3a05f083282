# SPDX-License-Identifier: Apache-2.0
"""Claims about a scheduler that are relative to EEVDF, under one workload in one boot."""

from __future__ import annotations

import math

from ktstr.model.errors import UsageError
from ktstr.model.parameters import Parameters, parameters

_MOST_REPEATS = 100


@parameters
class RelativeClaim(Parameters):
    """What is claimed of a figure: the scheduler's is at most `ratio` times as bad as EEVDF's.

    A ratio below 1 claims that it is better.  How bad is the value where less is better, and its
    inverse where more is.  `strict`: equal to the bound is not enough.  `cgroup`: of whose workers;
    None: of all.
    """

    measure: str
    ratio: float
    strict: bool
    cgroup: str | None = None

    @property
    def words(self) -> str:
        """The claim as an author writes it, e.g. `not_worse_than('wake_p99_us', ratio=1.1)`."""
        of = "" if self.cgroup is None else f", cgroup={self.cgroup!r}"
        if self.strict:
            return f"better_than({self.measure!r}, ratio={1 / self.ratio:.4g}{of})"
        return f"not_worse_than({self.measure!r}, ratio={self.ratio:.4g}{of})"


@parameters
class Comparison(Parameters):
    """How the steps of a scenario are to be compared.

    There are `repeats` pairs of legs, one leg under the scheduler and one under EEVDF; a leg is one
    step for each of `phases`.  The scheduler goes first in even pairs, EEVDF in odd ones, so that
    what changes slowly over the run weighs on both alike.  `confidence` is that of all intervals
    together.
    """

    claims: tuple[RelativeClaim, ...]
    repeats: int
    phases: tuple[str, ...]
    confidence: float = 0.95

    def place(self, step: int) -> tuple[int, int, bool]:
        """(pair, index of the phase, whether under EEVDF) of a step of the scenario."""
        leg, phase = divmod(step, len(self.phases))
        pair, second = divmod(leg, 2)
        return pair, phase, (pair + second) % 2 == 1


def better_than(measure: str, ratio: float = 1.0, cgroup: str | None = None) -> RelativeClaim:
    """Claims that the scheduler does better than EEVDF, by more than `ratio` (1.2: by a fifth).

    Raises:
        UsageError: there is no such measure, or the ratio is below 1.
    """
    _check(measure, ratio, "better_than")
    return RelativeClaim(measure, 1 / ratio, True, cgroup)


def not_worse_than(measure: str, ratio: float = 1.0, cgroup: str | None = None) -> RelativeClaim:
    """Claims that the scheduler is at most `ratio` times as bad as EEVDF (1.1: a tenth worse).

    Raises:
        UsageError: there is no such measure, or the ratio is below 1.
    """
    _check(measure, ratio, "not_worse_than")
    return RelativeClaim(measure, ratio, False, cgroup)


def check_comparison(comparison: Comparison) -> None:
    """Refuses what could never be concluded.

    Raises:
        UsageError: there is no claim, or no way to an interval.
    """
    if not comparison.claims:
        raise UsageError(
            "compare() has no claim; give claims=(not_worse_than('wake_p99_us', ratio=1.1),) or "
            "the like"
        )
    if type(comparison.repeats) is not int or not 2 <= comparison.repeats <= _MOST_REPEATS:
        raise UsageError(
            f"compare(repeats={comparison.repeats}): 2 to {_MOST_REPEATS} pairs are possible; one "
            f"pair says nothing about how far the next would differ"
        )
    if not 0.5 <= comparison.confidence < 1:
        raise UsageError(
            f"compare(confidence={comparison.confidence}): it must be at least 0.5 and below 1"
        )


def _check(measure: str, ratio: float, what: str) -> None:
    from ktstr.model.verdict.figures import compared  # no guest asks, but for one that compares

    compared(measure, what)
    if not (math.isfinite(ratio) and ratio >= 1):
        raise UsageError(
            f"{what}({measure!r}, ratio={ratio}): a ratio is at least 1, e.g. 1.1 for a tenth"
        )
