# SPDX-License-Identifier: Apache-2.0
"""What checks with a limit have in common: they measure at several places and compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import NS_PER_US
from ktstr.model.histogram import Histogram
from ktstr.model.payload import Polarity
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.figures import figure_of_check
from ktstr.model.verdict.kinds import Kind


@dataclass(frozen=True)
class Measurement:
    """What a check found at one place, in its own unit; None: it could not be measured.

    `words` are a sentence about it that lacks the limit, or say why there is no value.  `excuse`
    says why a value past the limit would be nobody's fault; empty where it is the scheduler's.
    pid: as in `Detail`.  when: at which instant there first was a value of which a function says
    yes, guest CLOCK_MONOTONIC; None: nobody knows.
    """

    subject: str
    value: float | None
    words: str
    excuse: str = ""
    pid: int | None = None
    when: Callable[[Callable[[float], bool]], int | None] | None = field(
        default=None, compare=False
    )

    def at_ns(self, passes: Callable[[float], bool]) -> int | None:
        """The first instant of a value of which `passes` says yes; None: nobody knows."""
        return self.when(passes) if self.when is not None else None


@dataclass(frozen=True)
class Limit:
    """A check that compares: `name` is the field of `Checks`, whose value is in `unit`.

    `measure` gives what there is to compare, and must not depend on the limit.  `nothing` says what
    to do when it gives nothing although there are workers.  `of_cpus`: it is about CPUs, or the
    scheduler's programs, and needs no workers.
    """

    name: str
    kind: Kind
    unit: str
    measure: Callable[[Scope], list[Measurement]]
    nothing: str = ""
    of_cpus: bool = False

    @property
    def least(self) -> bool:
        """Whether the limit is a lower one: more of what it bounds is better."""
        return figure_of_check(self.name).polarity is Polarity.HIGHER_BETTER

    def misses(self, value: float, limit: float) -> bool:
        """Whether `value` is on the wrong side; the limit itself is allowed."""
        return value < limit if self.least else value > limit

    def worst(self, measurements: list[Measurement]) -> Measurement | None:
        """The measured value that is nearest to a failure; None if nothing was measured."""
        known = [each for each in measurements if each.value is not None]
        sign = -1 if self.least else 1
        return max(known, key=lambda each: sign * (each.value or 0.0), default=None)

    def details(self, measurements: list[Measurement], scope: Scope, limit: float) -> list[Detail]:
        """A FAIL for each value past the limit, INCONCLUSIVE for each missing or excused one."""
        if not measurements and (scope.workers or self.of_cpus) and self.nothing:
            return [Detail(Kind.NO_DATA, self.nothing, Verdict.INCONCLUSIVE)]
        bound = f"{'at least' if self.least else 'limit'} {limit:g} {self.unit}".rstrip()
        details = []
        for each in measurements:
            if each.value is None:
                missing = Detail(Kind.NO_DATA, each.words, Verdict.INCONCLUSIVE, each.subject)
                details.append(missing)
            elif self.misses(each.value, limit):
                message = f"{each.words} ({bound})"
                at_ns = each.at_ns(lambda value: self.misses(value, limit))
                details.append(self._miss(each, message, at_ns))
        return details

    def _miss(self, each: Measurement, message: str, at_ns: int | None) -> Detail:
        if not each.excuse:
            return Detail(self.kind, message, Verdict.FAIL, each.subject, each.pid, at_ns)
        message = f"{message}; but {each.excuse}"
        return Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE, each.subject)

    def judge(self, scope: Scope, limit: float) -> list[Detail]:
        """`details` of what `measure` finds in `scope`."""
        return self.details(self.measure(scope), scope, limit)


def p99_of(cgroup: str, pool: Histogram, what: str, many: str, none: str) -> Measurement:
    """`what`, the p99 (us) of a pool of `many` (ns); `none` is said of an empty one."""
    p99 = pool.percentile(0.99)
    if p99 is None:
        return Measurement(cgroup, None, f"cgroup {cgroup}: {none}")
    words = (
        f"cgroup {cgroup}: {what} {p99 / NS_PER_US:.1f} us of {pool.count} {many}, "
        f"worst {pool.maximum / NS_PER_US:.1f} us"
    )
    return Measurement(cgroup, p99 / NS_PER_US, words)
