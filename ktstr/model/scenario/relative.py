# SPDX-License-Identifier: Apache-2.0
"""Claims about a scheduler that are relative to others, under one workload in one boot."""

from __future__ import annotations

import math

from ktstr.model.errors import UsageError
from ktstr.model.parameters import Parameters, parameters

EEVDF = "EEVDF"
"""What `compare` calls the kernel's own class, which runs while no scheduler is attached."""

_MOST_REPEATS = 100


@parameters
class RelativeClaim(Parameters):
    """What is claimed of a figure: the scheduler's is at most `ratio` times as bad as another's.

    A ratio below 1 claims that it is better.  How bad is the value where less is better, and its
    inverse where more is.  `strict`: equal to the bound is not enough.  `cgroup`: of whose workers;
    None: of all.  `than`: whose figure the other is; None: that of each it is compared with.
    """

    measure: str
    ratio: float
    strict: bool
    cgroup: str | None = None
    than: str | None = None

    @property
    def words(self) -> str:
        """The claim as an author writes it, e.g. `not_worse_than('wake_p99_us', ratio=1.1)`."""
        of = "" if self.cgroup is None else f", cgroup={self.cgroup!r}"
        of += "" if self.than is None else f", than={self.than!r}"
        if self.strict:
            return f"better_than({self.measure!r}, ratio={1 / self.ratio:.4g}{of})"
        return f"not_worse_than({self.measure!r}, ratio={self.ratio:.4g}{of})"


@parameters
class Comparison(Parameters):
    """How the steps of a scenario are to be compared.

    There are `repeats` rounds of legs, one leg under the scheduler and one under each of `against`
    (`EEVDF`, or the name of a staged scheduler); a leg is one step for each of `phases`.  Each
    round begins with the next of them, so that what changes slowly over the run weighs on all.
    `confidence` is that of all intervals together.
    """

    claims: tuple[RelativeClaim, ...]
    repeats: int
    phases: tuple[str, ...]
    confidence: float = 0.95
    against: tuple[str, ...] = (EEVDF,)

    @property
    def legs(self) -> int:
        """How many legs a round has."""
        return 1 + len(self.against)

    def place(self, step: int) -> tuple[int, int, str | None]:
        """(round, index of the phase, whom it runs under; None: the scheduler) of a step."""
        leg, phase = divmod(step, len(self.phases))
        turn, place = divmod(leg, self.legs)
        who = (turn + place) % self.legs
        return turn, phase, self.against[who - 1] if who else None

    def bounds(self) -> list[tuple[RelativeClaim, str]]:
        """Each claim with each of those that it is about."""
        return [
            (claim, other)
            for claim in self.claims
            for other in self.against
            if claim.than in (None, other)
        ]


def better_than(
    measure: str, ratio: float = 1.0, cgroup: str | None = None, than: str | None = None
) -> RelativeClaim:
    """Claims that the scheduler does better than another, by more than `ratio` (1.2: by a fifth).

    Raises:
        UsageError: there is no such measure, or the ratio is below 1.
    """
    _check(measure, ratio, "better_than")
    return RelativeClaim(measure, 1 / ratio, True, cgroup, than)


def not_worse_than(
    measure: str, ratio: float = 1.0, cgroup: str | None = None, than: str | None = None
) -> RelativeClaim:
    """Claims that the scheduler is at most `ratio` times as bad as another (1.1: a tenth worse).

    Raises:
        UsageError: there is no such measure, or the ratio is below 1.
    """
    _check(measure, ratio, "not_worse_than")
    return RelativeClaim(measure, ratio, False, cgroup, than)


def check_comparison(comparison: Comparison) -> None:
    """Refuses what could never be concluded.

    Raises:
        UsageError: there is no claim, nobody to compare with, or no way to an interval.
    """
    if not comparison.against or len(set(comparison.against)) < len(comparison.against):
        raise UsageError(
            f"compare(against={comparison.against}): name each scheduler that this one is compared "
            f"with once; {EEVDF!r} is the kernel's own class"
        )
    if not comparison.claims:
        raise UsageError(
            "compare() has no claim; give claims=(not_worse_than('wake_p99_us', ratio=1.1),) or "
            "the like"
        )
    for claim in comparison.claims:
        if claim.than not in (None, *comparison.against):
            raise UsageError(
                f"{claim.words}: this compares with {', '.join(comparison.against)}, not with "
                f"{claim.than!r}"
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
