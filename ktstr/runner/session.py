# SPDX-License-Identifier: Apache-2.0
"""Runs the selected tests of a target one after another, each in its own guest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ktstr.judge.judge import judge
from ktstr.machine.prepared.machine import PreparedMachine
from ktstr.machine.prepared.starts import Start, guest_start
from ktstr.model.accel import Accel
from ktstr.model.checks import DEFAULT_CHECKS, Kind
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.host import OUT_OF_TIME, Ending, EndingKind
from ktstr.model.plan import Plan
from ktstr.model.target import Target
from ktstr.record.run import RunRecord
from ktstr.runner.bazel import Budget
from ktstr.runner.case import Case
from ktstr.runner.guest_run import GuestRun, run_guest
from ktstr.runner.outcome import Outcome, skipped, unrun
from ktstr.runner.planning import plan_of, played_s
from ktstr.runner.sources import Sources
from ktstr.runner.test_layer import write_test_layer
from ktstr.vm.signals import Termination
from ktstr.vm.template import TemplateError

# Host seconds that a guest's boot, set-up and teardown take at the very least, on any accelerator.
_LEAST_S = 3.0
# Host seconds that a second of guest time takes in virtual time, at its cheapest.
_LEAST_RATE = 0.05


@dataclass(frozen=True)
class Session:
    """What all tests of a run share.

    `outputs` gets one directory for each test.  `environment` is set in all guests.
    """

    target: Target
    machine: PreparedMachine
    sources: Sources
    outputs: Path
    budget: Budget
    termination: Termination
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, cases: tuple[Case, ...], done: Callable[[Outcome], None]) -> list[Outcome]:
        """Runs the cases in order; `done` hears of each as it ends.

        After a signal to the runner, the remaining cases are inconclusive, unrun.
        """
        outcomes: list[Outcome] = []
        for case in cases:
            outcome = self._skipped(case, outcomes) or self._run(case)
            outcomes.append(outcome)
            done(outcome)
        return outcomes

    def _skipped(self, case: Case, before: list[Outcome]) -> Outcome | None:
        """The outcome of a case that is not started, or None when it may be."""
        ended = [each.run.ending for each in before]
        terminated = [each for each in ended if each.kind is EndingKind.TERMINATED]
        if terminated:
            message = f"not run: the runner got {terminated[0].detail}"
            return self._unrun(self._placeholder(case), terminated[0], Kind.INFRA, message)
        if case.skip:
            ending = Ending(EndingKind.QEMU_ERROR, "not started")
            return skipped(RunRecord(self._placeholder(case), self._accel, ending), case.skip)
        left = self.budget.left_s()
        least = _LEAST_S
        if case.scenario is not None:
            least += _LEAST_RATE * played_s(case.scenario, case.duration_s)
        if left < least:
            message = (
                f"not run: of Bazel's timeout {max(left, 0.0):.0f} s are left, and a guest needs "
                f"{least:.0f} at least; give the target a larger `timeout` or a `shard_count`"
            )
            ending = Ending(EndingKind.DEADLINE, OUT_OF_TIME)
            return self._unrun(self._placeholder(case), ending, Kind.INFRA, message)
        return None

    def _run(self, case: Case) -> Outcome:
        plan = self._placeholder(case)
        try:
            plan = plan_of(case, self.target, self.machine.machine.disks.disks, self.environment)
            directory = self.outputs / case.name
            layer = directory / "test.cpio"
            own = guest_start(self._accel is Accel.VIRTUAL, plan.seed, plan.test)
            write_test_layer(plan, own, self.sources.all, layer)
            ran = self._cloned(plan, layer, directory)
            if isinstance(ran, Start):
                if self.termination.first:
                    return self._terminated(plan)
                ran = self._started(plan, layer, directory, ran)
            return Outcome(ran.record, judge(ran.record), ran.wall_s)
        except UsageError as error:
            ending = Ending(EndingKind.QEMU_ERROR, "not started")
            return self._unrun(plan, ending, Kind.USAGE, str(error))
        except InfraError as error:
            ending = Ending(EndingKind.QEMU_ERROR, str(error))
            return self._unrun(plan, ending, Kind.INFRA, str(error))

    def _cloned(self, plan: Plan, layer: Path, directory: Path) -> GuestRun | Start:
        """The run of a clone, or the cold boot that takes its place."""
        start = self.machine.templates.start(layer, self.budget.left_s())
        if start.template is None:
            return start
        try:
            ran = self._started(plan, layer, directory, start)
        except TemplateError as error:
            return self.machine.templates.refuse(str(error))
        ending = ran.record.ending
        if ran.record.hello is not None or ending.kind is EndingKind.TERMINATED:
            return ran
        # whatever keeps a clone from its hello is no fault of the test's, QEMU's end neither
        failed = ran.record.end.agent_error if ran.record.end is not None else ""
        how = ", ".join(filter(None, (ending.kind, ending.detail, failed)))
        how = f"one of template {start.template.digest[:12]} ended before its hello: {how}"
        cold = self.machine.templates.refuse(how)
        left_s = self.budget.left_s()
        if left_s < _LEAST_S:
            raise InfraError(
                f"{cold.reason}; of Bazel's timeout {max(left_s, 0.0):.0f} s are left, too few to "
                f"boot: run the test again, or give the target a larger `timeout`"
            )
        return cold

    def _started(self, plan: Plan, layer: Path, directory: Path, start: Start) -> GuestRun:
        spec = self.machine.machine.for_test(layer)
        left_s = self.budget.left_s()
        disks = self.machine.machine.disks
        return run_guest(plan, spec, disks, directory, self.termination, left_s, start)

    def _terminated(self, plan: Plan) -> Outcome:
        ending = Ending(EndingKind.TERMINATED, self.termination.first)
        message = f"not run: the runner got {ending.detail}"
        return self._unrun(plan, ending, Kind.INFRA, message)

    def _unrun(self, plan: Plan, ending: Ending, kind: Kind, message: str) -> Outcome:
        return unrun(RunRecord(plan, self._accel, ending), kind, message)

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
