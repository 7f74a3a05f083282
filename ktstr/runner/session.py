# SPDX-License-Identifier: Apache-2.0
"""Runs the selected tests of a target one after another, each in its own guest."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ktstr.execute.budget import Budget
from ktstr.execute.durations import LEAST_S, played_s
from ktstr.execute.execute import run
from ktstr.execute.outcome import Outcome, skipped, unrun
from ktstr.execute.parts import asked_parts, parts, snapshot_parts
from ktstr.execute.replay import Replayed, replay
from ktstr.host.accel import Accel
from ktstr.host.ending import OUT_OF_TIME, Ending, EndingKind
from ktstr.introspect.plugin.part import Part
from ktstr.machine.prepared.machine import PreparedMachine
from ktstr.machine.target import Target
from ktstr.model.errors import UsageError
from ktstr.model.plan import Plan
from ktstr.model.verdict.checks import DEFAULT_CHECKS
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from ktstr.runner.cases.case import Case
from ktstr.runner.cases.planning import plan_of
from ktstr.runner.cases.sources import Sources
from ktstr.runner.looks import looks_of
from ktstr.runner.replaying import FOLDER, OFF, with_replay
from ktstr.vm.signals import Termination

if TYPE_CHECKING:
    from ktstr.execute.rerun import Rerun
    from ktstr.introspect.coverage.part import Sources as Lines
    from ktstr.introspect.recorder.recorder import Recorder

# Host seconds that a second of guest time takes in virtual time, at its cheapest.
_LEAST_RATE = 0.05


@dataclass(frozen=True)
class Session:
    """What all tests of a run share.

    `outputs` gets one directory for each test.  `environment` is set in all guests.  `looks` are
    those who look into them; None: all that always do, and those that a test or `asked` names.
    lines: where coverage has its lines from, if it is asked for.
    """

    target: Target
    machine: PreparedMachine
    sources: Sources
    outputs: Path
    budget: Budget
    termination: Termination
    environment: Mapping[str, str] = field(default_factory=dict)
    looks: Sequence[Part] | None = None
    asked: frozenset[str] = frozenset()
    lines: Lines | None = None

    def run(self, cases: tuple[Case, ...], done: Callable[[Outcome], None]) -> list[Outcome]:
        """Runs the cases in order; `done` hears of each as it ends.

        After a signal to the runner, the remaining cases are inconclusive, unrun.
        """
        outcomes: list[Outcome] = []
        for number, case in enumerate(cases, 1):
            later = sum(not each.skip for each in cases[number:])
            outcome = self._skipped(case, outcomes) or self._run(case, later)
            outcomes.append(outcome)
            done(outcome)
        return outcomes

    def replay(
        self, first: Outcome, looks: Sequence[Part], directory: Path, later: int = 0
    ) -> Replayed:
        """Plays a run of this session once more, as `execute.replay` does.

        looks: who looks at the guest.  directory: gets its files.  later: of the time that is left,
        so many tests still to come have what `first` took each.

        Raises:
            UsageError: the run is not closed, or no time is left; nothing was started.
        """
        return replay(
            first,
            self.outputs / first.test,
            self.machine,
            directory,
            self.termination,
            sources=self.sources.all,
            budget=self.budget.without(later * first.wall_s.get("total", 0.0)),
            looks=looks,
        )

    def once_more(
        self, first: Outcome, recorder: Recorder, directory: Path, later: int = 0
    ) -> Rerun:
        """Runs the plan of a run in real time a second time, as `execute.again` does.

        later: as of `replay`.

        Raises:
            UsageError: no time is left; nothing was started.
        """
        from ktstr.execute.again import run_again

        return run_again(
            first,
            recorder,
            self.machine,
            directory,
            self.termination,
            sources=self.sources.all,
            budget=self.budget.without(later * first.wall_s.get("total", 0.0)),
        )

    def _skipped(self, case: Case, before: list[Outcome]) -> Outcome | None:
        """The outcome of a case that is not started, or None when it may be."""
        ended = [each.run.ending for each in before]
        terminated = [each for each in ended if each.kind is EndingKind.TERMINATED]
        if terminated:
            message = f"not run: the runner got {terminated[0].detail}"
            return self._unrun(case, terminated[0], Kind.INFRA, message)
        if case.skip:
            ending = Ending(EndingKind.QEMU_ERROR, "not started")
            return skipped(RunRecord(self._placeholder(case), self._accel, ending), case.skip)
        left = self.budget.left_s()
        least = LEAST_S
        if case.scenario is not None:
            least += _LEAST_RATE * played_s(case.scenario, case.duration_s)
        if left < least:
            message = (
                f"not run: of Bazel's timeout {max(left, 0.0):.0f} s are left, and a guest needs "
                f"{least:.0f} at least; give the target a larger `timeout` or a `shard_count`"
            )
            ending = Ending(EndingKind.DEADLINE, OUT_OF_TIME)
            return self._unrun(case, ending, Kind.INFRA, message)
        return None

    def _run(self, case: Case, later: int) -> Outcome:
        try:
            plan = plan_of(case, self.target, self.machine.disks.disks, self.environment)
        except UsageError as error:
            ending = Ending(EndingKind.QEMU_ERROR, "not started")
            return self._unrun(case, ending, Kind.USAGE, str(error))
        outcome = run(
            plan,
            self.machine,
            self.outputs / case.name,
            self.termination,
            sources=self.sources.all,
            budget=self.budget,
            looks=self.looks if self.looks is not None else self._looks(case),
        )
        if self.looks is not None:
            return outcome  # whoever looks has come for this run alone
        folder = self.outputs / case.name
        outcome = self._once_more(outcome, folder, later)
        return self._after(case, outcome, folder) if case.after else outcome

    def _once_more(self, outcome: Outcome, folder: Path, later: int) -> Outcome:
        """The outcome with what showed when it was played again, if it was."""
        if self._accel is Accel.VIRTUAL:
            again = functools.partial(self.replay, later=later)
            return with_replay(outcome, self.target.replay, self.machine, folder, again)
        if self.target.replay == OFF:
            return outcome
        # late: few tests fail, and fewer in real time
        from ktstr.runner.once_more import with_second_run

        once_more = functools.partial(self.once_more, later=later)
        return with_second_run(outcome, self.machine, folder / FOLDER, once_more)

    def _after(self, case: Case, outcome: Outcome, folder: Path) -> Outcome:
        """The outcome with what the author's `after` function says of it; its sources are kept."""
        # few tests have one
        from ktstr.runner.after import after

        return after(outcome, case, self.sources.all, folder)

    def _looks(self, case: Case) -> tuple[Part, ...]:
        asked = asked_parts(looks_of(case, self.asked), self.lines)
        return (*parts(), *asked, *snapshot_parts(case.snapshots))

    def _unrun(self, case: Case, ending: Ending, kind: Kind, message: str) -> Outcome:
        return unrun(RunRecord(self._placeholder(case), self._accel, ending), kind, message)

    @property
    def _accel(self) -> Accel:
        return self.machine.accel

    def _placeholder(self, case: Case) -> Plan:
        """Stands in a record for the plan of a case that was never planned: it plays nothing."""
        return Plan(
            test=case.name,
            source=case.source,
            topology=self.target.topology,
            numa=self.target.numa,
            duration_s=case.duration_s,
            workers_per_cgroup=case.workers_per_cgroup,
            seed=self.target.seed,
            scheduler=None,
            scenario=None,
            function=None,
            checks=DEFAULT_CHECKS.merge(case.checks),
            expect_fail=case.expect_fail,
        )
