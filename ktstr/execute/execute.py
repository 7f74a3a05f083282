# SPDX-License-Identifier: Apache-2.0
"""Executes one plan on one prepared machine: a guest, what it left, the judgement of that."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ktstr.execute.autopsy import CORE, Autopsy
from ktstr.execute.budget import UNLIMITED, Budget
from ktstr.execute.durations import LEAST_S
from ktstr.execute.follow import GuestRun, run_guest
from ktstr.execute.layer import write_test_layer
from ktstr.execute.looking import look
from ktstr.execute.outcome import Outcome, unrun
from ktstr.execute.parts import parts
from ktstr.execute.source import Source
from ktstr.execute.watch import NOBODY, Watch
from ktstr.host.accel import Accel
from ktstr.host.ending import Ending, EndingKind
from ktstr.introspect.plugin.part import Part
from ktstr.judge.judge import judge
from ktstr.machine.prepared.machine import PreparedMachine
from ktstr.machine.prepared.starts import Start, guest_start
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.plan import Plan
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from ktstr.vm.saved.template import TemplateError
from ktstr.vm.signals import Termination


def run(
    plan: Plan,
    machine: PreparedMachine,
    directory: Path,
    termination: Termination,
    *,
    sources: Sequence[Source] = (),
    budget: Budget = UNLIMITED,
    watch: Watch = NOBODY,
    looks: Sequence[Part] | None = None,
    files: Mapping[str, bytes] | None = None,
) -> Outcome:
    """The outcome of `plan` in a guest of its own, whose files are left in `directory`.

    The guest is a clone where the machine has one, and boots where it has none or the clone does
    not come up. `sources` go into guests whose plan runs Python of its author's. `looks` are those
    who look into it; left out, all. `files` lie in the guest besides, by their paths. What goes
    wrong is in the outcome, a mistake of ours as well as a signal to us.
    """
    who = parts() if looks is None else looks
    told = (plan, machine, directory, termination, sources, budget, watch, who, files or {})
    execution = _Execution(*told)
    try:
        return execution.outcome()
    except UsageError as error:
        ending = Ending(EndingKind.QEMU_ERROR, "not started")
        return execution.unrun(ending, Kind.USAGE, str(error))
    except InfraError as error:
        ending = Ending(EndingKind.QEMU_ERROR, str(error))
        return execution.unrun(ending, Kind.INFRA, str(error))


@dataclass(frozen=True)
class _Execution:
    plan: Plan
    machine: PreparedMachine
    directory: Path
    termination: Termination
    sources: Sequence[Source]
    budget: Budget
    watch: Watch
    parts: Sequence[Part]
    files: Mapping[str, bytes]

    def outcome(self) -> Outcome:
        """What became of a guest.

        Raises:
            InfraError: none could be run, or what it reported cannot be judged.
        """
        layer = self.directory / "test.cpio"
        in_virtual_time = self.machine.accel is Accel.VIRTUAL
        own = guest_start(in_virtual_time, self.plan.seed, self.plan.test)
        write_test_layer(self.plan, own, self.sources, layer, self.files)
        digest = hashlib.sha256(layer.read_bytes()).hexdigest() if in_virtual_time else ""
        ran = self._cloned(layer)
        if isinstance(ran, Start):
            if self.termination.first:
                return self._terminated()
            ran = self._started(layer, ran)
        record = replace(ran.record, own_layer=digest)
        return Outcome(record, judge(record), ran.wall_s)

    def unrun(self, ending: Ending, kind: Kind, message: str) -> Outcome:
        """The outcome without a guest."""
        return unrun(RunRecord(self.plan, self.machine.accel, ending), kind, message)

    def _cloned(self, layer: Path) -> GuestRun | Start:
        """The run of a clone, or the cold boot that takes its place."""
        templates = self.machine.templates
        start = templates.start(layer, self.budget.left_s())
        if start.template is None:
            return start
        try:
            ran = self._started(layer, start)
        except TemplateError as error:
            return templates.refuse(str(error))
        ending = ran.record.ending
        if ran.record.hello is not None or ending.kind is EndingKind.TERMINATED:
            return ran
        # whatever keeps a clone from its hello is no fault of the test's, QEMU's end neither
        failed = ran.record.end.agent_error if ran.record.end is not None else ""
        how = ", ".join(filter(None, (ending.kind, ending.detail, failed)))
        how = f"one of template {start.template.digest[:12]} ended before its hello: {how}"
        cold = templates.refuse(how)
        left_s = self.budget.left_s()
        if left_s < LEAST_S:
            raise InfraError(
                f"{cold.reason}; of Bazel's timeout {max(left_s, 0.0):.0f} s are left, too few to "
                f"boot: run the test again, or give the target a larger `timeout`"
            )
        return cold

    def _started(self, layer: Path, start: Start) -> GuestRun:
        spec, left_s = self.machine.for_test(layer), self.budget.left_s()
        core = self.directory / CORE if self.machine.core else None
        autopsy = Autopsy(
            spec.kernel, self.machine.kernel_index, core, self.budget, self.watch.standing
        )
        watch = replace(
            self.watch,
            listeners=(*self.watch.listeners, autopsy),
            dying=autopsy.dying,
        )
        ran = run_guest(
            self.plan,
            spec,
            self.machine.disks,
            self.directory,
            self.termination,
            left_s,
            start,
            watch,
            look(self.plan, spec, self.machine.kernel_index, self.parts),
            self.budget.patience_s,
        )
        if autopsy.found is None:
            return ran
        wall_s = ran.wall_s | {"post-mortem": autopsy.took_s}
        return GuestRun(replace(ran.record, post_mortem=autopsy.found), wall_s)

    def _terminated(self) -> Outcome:
        ending = Ending(EndingKind.TERMINATED, self.termination.first)
        return self.unrun(ending, Kind.INFRA, f"not run: the runner got {ending.detail}")
