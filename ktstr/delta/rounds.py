# SPDX-License-Identifier: Apache-2.0
"""Runs both sides in turns, and compares, until nothing is undecided or the budget is spent.

In turns, so that what slowly changes with the machine (its load, its heat) falls on both: each
round begins with the side that the last one ended with. In virtual time one run a side is exact.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ktstr.compare.compare import Asked, compare
from ktstr.compare.finding import Comparison, Outcome
from ktstr.delta.invoking import Tell, build, test
from ktstr.delta.looks import Looks
from ktstr.delta.side import Job, Side, jobs_of
from ktstr.history.entry import EXACT_ACCEL
from ktstr.history.events import Invocation
from ktstr.history.importing import Found, found_in, import_run
from ktstr.history.queries import rows, variants
from ktstr.history.revision import CiRun
from ktstr.history.run import NewRun, RunState
from ktstr.history.where import TAG, Condition
from ktstr.history.window import Window
from ktstr.model.errors import UsageError
from ktstr.result.read import result_of_bytes

BOOTS_OPTION = "--boots"
_SIDE = "perf_delta"
# What two sides may be set apart by, beside their commits and flags.
_MAY_BE_APART = ("label", "topology", "kernel", "scheduler")


@dataclass(frozen=True)
class Budget:
    """boots: a side, of tests in real time.  seconds: of running tests."""

    boots: int
    seconds: float


@dataclass
class Rounds:
    """The rounds of two sides.

    asked: what is compared, but for conditions and words.  key: of this comparison, among those in
    the history.  scratch: a folder for build events.
    """

    sides: tuple[Side, Side]
    connection: sqlite3.Connection
    asked: Asked
    budget: Budget
    key: str
    scratch: Path
    tell: Tell
    _real: dict[str, set[str]] = field(default_factory=dict)

    def run(self) -> Comparison:
        """Builds, runs and compares.

        Raises:
            UsageError, InfraError: a side cannot be built, or left nothing to compare.
        """
        for job in jobs_of(self.sides):
            build(job, self._who(job), self.scratch / "build.json", self.tell)
        began = time.monotonic()
        counted = self._round(1, self.sides)
        if not self._real:
            return self._compared(
                self.asked.level, "both sides ran in virtual time, where one run is exact"
            )
        return self._repeated(began, 1 if counted else 0)

    def _repeated(self, began: float, boots: int) -> Comparison:
        """Further rounds, of what runs in real time alone.  boots: that there are of each side."""
        looks = Looks.within(self.budget.boots, self.asked.level)
        sides = self._in_real_time()
        longest, number = time.monotonic() - began, 1
        while True:
            spent = time.monotonic() - began
            is_last = boots > 0 and spent + longest > self.budget.seconds
            if boots in looks.boots or is_last:
                found = self._compared(looks.level, "")
                why = self._why_no_more(found, boots, is_last=is_last)
                if why:
                    return _noted(
                        found,
                        f"{boots} boots a side in real time, {spent:.0f} s of tests: {why}; "
                        f"chance has {looks.level:.3g} in each of up to {len(looks.boots)} looks",
                    )
            number, boots = number + 1, boots + 1
            before = time.monotonic()
            order = sides if number % 2 else sides[::-1]
            self._round(number, order, seed=number)
            longest = max(longest, time.monotonic() - before)

    def _why_no_more(self, found: Comparison, boots: int, *, is_last: bool) -> str:
        """Why no more boots are needed or to be had; empty: they are."""
        undecided = _undecided(found)
        self.tell(f"after {boots} boots a side: {undecided} undecided")
        if not undecided:
            return "nothing is undecided"
        if boots >= self.budget.boots:
            return f"{BOOTS_OPTION}={self.budget.boots} is reached"
        if is_last:
            return f"another round does not fit into --minutes={self.budget.seconds / 60:g}"
        return ""

    def _in_real_time(self) -> tuple[Side, ...]:
        """The sides, with those tests alone that ran in real time."""
        labels: dict[Job, set[str]] = {}
        for side in self.sides:
            labels.setdefault(side.job, set()).update(self._real.get(side.name, ()))
        return tuple(
            replace(side, job=replace(side.job, targets=tuple(sorted(labels[side.job]))))
            for side in self.sides
            if labels[side.job]
        )

    def _round(self, number: int, sides: Sequence[Side], seed: int | None = None) -> bool:
        """One round; whether all that ran in real time did so now, and not for an earlier build."""
        anew = True
        for job in jobs_of(sides):
            events = self.scratch / "test.json"
            invocation = test(job, self._who(job), events, self.tell, seed)
            for side in sides:
                if side.job == job:
                    anew &= self._keep(side, invocation, number)
        return anew

    def _keep(self, side: Side, invocation: Invocation, number: int) -> bool:
        """Imports a side's results; False if boots in real time are left out, as they are old."""
        refused: list[str] = []
        found = found_in(invocation.places(side.labels), refused)
        fresh = [each for each in found if not self._is_old_boot(each, side)]
        for each in refused:
            self.tell(each)
        if not found:
            raise UsageError(
                f"{side.name}: {invocation.tests} tests ran, and none left a result of ktstr's; "
                f"results in a remote cache are fetched with --remote_download_regex=.*/testlogs/.*"
            )
        run = NewRun(
            f"{self.key}:{side.name}:{number}",
            f"perf-delta {side.words}",
            invocation.started,
            side.revision,
            CiRun(),
            {_SIDE: f"{self.key}:{side.name}", "side": side.name},
        )
        done = import_run(
            self.connection,
            run,
            fresh,
            RunState.WHOLE,
            window=Window(invocation.started, invocation.finished),
            whole=True,
            progress=lambda at, of: None,
        )
        for each in done.refused:
            self.tell(each)
        return len(fresh) == len(found)

    def _is_old_boot(self, found: Found, side: Side) -> bool:
        """Whether Bazel took a boot in real time from its cache: a boot is to be of this hour."""
        try:
            identity = result_of_bytes(found.place.content(), str(found.place)).identity
        except UsageError:
            return False  # the import tells it
        if identity.accelerator.name == EXACT_ACCEL:
            return False
        self._real.setdefault(side.name, set()).add(identity.label)
        return found.place.cached

    def _compared(self, level: float, note: str) -> Comparison:
        base, new = self.sides
        asked = replace(
            self.asked,
            base=base.words,
            new=new.words,
            base_conditions=self._set(base),
            new_conditions=self._set(new),
            by=self.asked.by if self.asked.by is not None else self._paired_by(),
            level=level,
            boots_option=BOOTS_OPTION,
        )
        return _noted(compare(self.connection, asked), note)

    def _paired_by(self) -> str:
        """What both sides have in common; what no result of one shares with the other is not."""
        known = variants(self.connection)
        one, other = (
            {known[row.variant] for row in rows(self.connection, self._set(side))}
            for side in self.sides
        )
        common = [
            name
            for name in _MAY_BE_APART
            if {getattr(each, name) for each in one} & {getattr(each, name) for each in other}
        ]
        return ",".join([*common, "test", "accel"])

    def _set(self, side: Side) -> tuple[Condition, ...]:
        return (Condition(f"{TAG}{_SIDE}", "=", f"{self.key}:{side.name}"),)

    def _who(self, job: Job) -> str:
        return " and ".join(side.name for side in self.sides if self._is_of(side, job))

    def _is_of(self, side: Side, job: Job) -> bool:
        return (side.job.startup, side.job.workspace) == (job.startup, job.workspace)


def _undecided(comparison: Comparison) -> int:
    """How many findings more boots could decide."""
    return sum(
        each.outcome is Outcome.UNDECIDED and each.sample is not None
        for each in comparison.findings
    )


def _noted(comparison: Comparison, note: str) -> Comparison:
    return replace(comparison, notes=(*comparison.notes, note)) if note else comparison
