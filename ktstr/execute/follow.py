# SPDX-License-Identifier: Apache-2.0
"""Boots one guest, follows it to its end, and keeps everything it said."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import assert_never

from ktstr.console.classify import classify
from ktstr.console.findings import ConsoleKind
from ktstr.execute.durations import body_s, labour_s
from ktstr.execute.looking import Looking
from ktstr.execute.watch import NOBODY, Watch
from ktstr.host.disk_clone import DiskBackend
from ktstr.host.ending import OUT_OF_TIME, Ending, EndingKind
from ktstr.machine.boot import boot_limit_s
from ktstr.machine.prepared.starts import Start
from ktstr.machine.target_disks import TargetDisks
from ktstr.model import facts
from ktstr.model.plan import Plan
from ktstr.model.wire.events import EventName
from ktstr.model.wire.recording import Labour
from ktstr.record.collect import Collector, Fact
from ktstr.record.run import RunRecord
from ktstr.vm import ending as endings
from ktstr.vm.command.machine import MachineSpec, stamps_console
from ktstr.vm.deadlines import Deadline, scaled
from ktstr.vm.disk.disks import node_of
from ktstr.vm.events import (
    ConsoleOutput,
    Event,
    Exited,
    Expired,
    FrameOutput,
    Interrupted,
    MachineEvent,
)
from ktstr.vm.probing import PluginError
from ktstr.vm.sampling import VcpuSampling
from ktstr.vm.signals import Termination
from ktstr.vm.vm import Vm

_BOOT = "boot to the agent's hello"
_SETUP = "scheduler and scenario set-up"
_BODY = "the test's body"
_TEARDOWN = "collection and detachment"
_SHUTDOWN = "shutdown after the last frame"
_PANIC = "reboot after a panic"

# Seconds for one vCPU under KVM; `scaled` stretches them for the accelerator.
_SHUTDOWN_S = 5.0
_PANIC_S = 5.0
_QUIT_S = 2.0
# Less waiting than this is not worth a longer deadline, and would only put off the end.
_LEAST_EXTENSION_S = 1.0


@dataclass(frozen=True)
class GuestRun:
    """What came of a run: the record to judge, and the host's seconds by phase."""

    record: RunRecord
    wall_s: dict[str, float]


def run_guest(
    plan: Plan,
    spec: MachineSpec,
    disks: TargetDisks,
    directory: Path,
    termination: Termination,
    limit_s: float,
    start: Start,
    watch: Watch = NOBODY,
    looking: Looking | None = None,
    patience_s: float = 0.0,
) -> GuestRun:
    """Runs the guest in `directory`, for at most `limit_s` seconds; it comes up as `start` says.

    For `patience_s` more at most it makes up for what the host has kept QEMU from running.
    Whatever happens to the guest is in the record; console, frames and QEMU's command stay in the
    directory from the first byte on. A QEMU that does not take the plugin runs without it.

    Raises:
        TemplateError: the guest cannot be cloned; nothing of it is left.
        InfraError: QEMU cannot be started or the disk is full.
    """
    looking = looking or Looking(())
    told = (plan, spec, disks, directory, termination, limit_s, start, watch, looking, patience_s)
    try:
        return _run_guest(*told)
    except PluginError as error:
        looking.stop(f"QEMU does not take the plugin that looks into guests: {error}")
        return _run_guest(*told)
    finally:
        looking.close()


def _run_guest(
    plan: Plan,
    spec: MachineSpec,
    disks: TargetDisks,
    directory: Path,
    termination: Termination,
    limit_s: float,
    start: Start,
    watch: Watch,
    looking: Looking,
    patience_s: float,
) -> GuestRun:
    sampling = VcpuSampling()
    with Vm(
        spec,
        directory,
        termination,
        cloner=disks.cloner,
        template=start.template,
        brings=start.brings,
        listeners=(sampling, *looking.listeners(), *watch.listeners),
        probing=looking.probing(),
    ) as vm:
        follower = _Follower(plan, vm, disks, limit_s, start, sampling, watch, looking, patience_s)
        vm.start()
        follower.follow()
        return follower.result()


@dataclass(frozen=True)
class _Waiting:
    """A phase that waits for the recorder, and what is left of its time."""

    phase: str
    left_s: float


@dataclass
class _Follower:
    plan: Plan
    vm: Vm
    disks: TargetDisks
    limit_s: float
    start: Start
    sampling: VcpuSampling
    watch: Watch
    looking: Looking
    patience_s: float = 0.0
    made_up_s: float = 0.0
    hello_s: float | None = None
    collector: Collector = field(default_factory=Collector)
    phase: str = ""
    phase_began_s: float = 0.0
    phase_limit_s: float = 0.0
    waiting: _Waiting | None = None
    wait_counted_s: float = 0.0
    wall_s: dict[str, float] = field(default_factory=dict)
    panicked: bool = False
    disk_error: str = ""
    expired: Deadline | None = None
    interrupted: str = ""
    exited: Exited | None = None
    scenario_began_s: float | None = None
    scenario_ended_s: float | None = None

    def follow(self) -> None:
        """Takes events until QEMU has ended."""
        if self.limit_s != float("inf"):
            self.vm.deadlines.start(OUT_OF_TIME, self.limit_s)
        self._enter(_BOOT, boot_limit_s(self.vm.spec), 0.0)
        while self.exited is None:
            self._take(self.vm.next_event())
        self._count(self.exited.at_s)
        self.wall_s["total"] = self.exited.at_s

    def result(self) -> GuestRun:
        """The record of the run that has ended."""
        assert self.exited is not None
        self.collector.finish()
        text = self.vm.files.console.read_bytes().decode(errors="replace")
        console = classify(text, stamped=stamps_console(self.vm.spec))
        if any(finding.kind is ConsoleKind.PANIC for finding in console):
            self.panicked = True
        between = None
        if self.scenario_began_s is not None and self.scenario_ended_s is not None:
            between = (self.scenario_began_s, self.scenario_ended_s)
        record = self.collector.record(
            self.plan,
            self.vm.spec.accel,
            self._ending(self.exited),
            console=tuple(console),
            host_samples=tuple(self.sampling.samples),
            scenario_host_s=between,
            disk_clones=self.disks.facts(self.vm.disk_clones),
            start=self.start.facts(self.hello_s),
        )
        seen = self.looking.fields(self.vm.seen()) if self.looking.parts else {}
        return GuestRun(replace(record, **seen), self.wall_s)

    def _take(self, event: Event) -> None:
        match event:
            case FrameOutput():
                for fact in self.collector.feed(event.data):
                    self._advance(fact, event.at_s)
                    if self.watch.hear is not None:
                        self.watch.hear(fact)
            case MachineEvent() if endings.is_panic(event):
                if not self.panicked:
                    self.vm.let_go()
                    self._dying(None)
                self.panicked = True
                self._enter(_PANIC, self._scaled(_PANIC_S), event.at_s)
            case MachineEvent(name="BLOCK_IO_ERROR") if not self.disk_error:
                self.disk_error = self._disk_error(event)
                self.vm.quit(_QUIT_S)
            case Expired():
                self._expire(event.deadline)
            case Interrupted():
                self.interrupted = self.interrupted or event.signal_name
                self.vm.quit(_QUIT_S)
            case Exited():
                self.exited = event
            case ConsoleOutput() | MachineEvent():
                pass

    def _advance(self, fact: Fact, at_s: float) -> None:
        """Moves on to the next phase, and so to the next deadline, at the facts that begin it."""
        limits = self.plan.deadlines
        match fact:
            case facts.Hello():
                self.hello_s = at_s
                attach = self.plan.scheduler.attach_timeout_s if self.plan.scheduler else 0.0
                self._enter(_SETUP, self._scaled(attach + limits.start_s), at_s)
            case facts.Event():
                self._advance_at(fact, at_s)
            case facts.TestFacts():
                self._enter(_TEARDOWN, self._teardown_s(), at_s)
            case facts.End():
                self._before_end(None)
                self._enter(_SHUTDOWN, self._scaled(_SHUTDOWN_S), at_s)

    def _advance_at(self, fact: facts.Event, at_s: float) -> None:
        moment = fact.name
        match moment:
            case EventName.SCENARIO_START:
                if self.scenario_began_s is None:
                    self.scenario_began_s = at_s
                self._enter(_BODY, self._scaled(body_s(self.plan)), at_s)
            case EventName.TEST_START:
                self._enter(_BODY, self._scaled(body_s(self.plan)), at_s)
            case EventName.SCENARIO_END:
                self.scenario_ended_s = at_s
                if self.plan.function is None:
                    self._enter(_TEARDOWN, self._teardown_s(), at_s)
            case EventName.STEP_START | EventName.STEP_END | EventName.OP | EventName.PROCS:
                pass  # of a scenario that goes on
            case EventName.THAW | EventName.WAIT_MET | EventName.WAIT_TIMEOUT:
                pass
            case EventName.DISK_MOUNT | EventName.DISK_BUSY:
                pass  # before the scheduler's start, and after its end
            case EventName.CPU_OFFLINE | EventName.CPU_ONLINE | EventName.CPUS_UNWATCHED:
                pass
            case EventName.RECORDER_BEGIN:
                self._let_in(fact.detail, at_s)
            case EventName.RECORDER_END:
                self._go_on(fact.detail, at_s)
            case _:
                assert_never(moment)

    def _let_in(self, labour: str, at_s: float) -> None:
        """The test waits for its recorder, which takes no time of the phase that it is in."""
        if labour in list(Labour) and labour != self.phase:
            left_s = self.phase_limit_s + self._host_waited_s() - (at_s - self.phase_began_s)
            waiting = _Waiting(self.phase, max(left_s, 0.0))
            self._enter(labour, labour_s(Labour(labour)), at_s)
            self.waiting = waiting

    def _go_on(self, labour: str, at_s: float) -> None:
        if labour == self.phase and self.waiting is not None:
            self._enter(self.waiting.phase, self.waiting.left_s, at_s)

    def _teardown_s(self) -> float:
        limits = self.plan.deadlines
        return self._scaled(limits.collect_s + limits.detach_s)

    def _scaled(self, seconds: float) -> float:
        return scaled(seconds, self.vm.spec.accel, self.vm.spec.topology.cpus)

    def _enter(self, phase: str, seconds: float, at_s: float) -> None:
        # what a guest had said before its panic may be read after it, and gives it no more time
        if self.phase in (phase, _PANIC):
            return
        if self.phase:
            self.vm.deadlines.finish(self.phase)
            self._count(at_s)
        self.phase, self.phase_began_s, self.phase_limit_s = phase, at_s, seconds
        self.waiting = None
        self.wait_counted_s = self.vm.host_wait_s()
        self.vm.deadlines.start(phase, seconds)

    def _count(self, at_s: float) -> None:
        """The phase is over, or waits for the recorder."""
        took_s = at_s - self.phase_began_s
        self.wall_s[self.phase] = self.wall_s.get(self.phase, 0.0) + took_s

    def _host_waited_s(self) -> float:
        """Seconds in which QEMU waited for a CPU, beyond those that the phase has got back."""
        return self.vm.host_wait_s() - self.wait_counted_s

    def _expire(self, deadline: Deadline) -> None:
        """Ends the guest, unless it is the host that has kept it from going on.

        A phase's limit is time in which QEMU could run: what it spent waiting for a CPU is added.
        """
        if self.expired is not None or self._made_up_for(deadline):
            return
        waited = self._host_waited_s()
        if deadline.name == self.phase and not deadline.cut_by and waited > _LEAST_EXTENSION_S:
            self.wait_counted_s += waited
            self.vm.deadlines.finish(self.phase)
            self.vm.deadlines.start(self.phase, waited)
            self.phase_limit_s += waited
            return
        self.expired = deadline
        # nobody serves holds while it is looked at, for which it may have to be stopped
        self.vm.let_go()
        self._before_end(deadline)
        self._dying(deadline)
        self.vm.quit(_QUIT_S)

    def _made_up_for(self, deadline: Deadline) -> bool:
        """Whether all has its time put off, as the host has kept the guest from a part of it."""
        more_s = min(self.vm.host_wait_s(), self.patience_s) - self.made_up_s
        if OUT_OF_TIME not in (deadline.name, deadline.cut_by) or more_s < _LEAST_EXTENSION_S:
            return False
        self.made_up_s += more_s
        self.vm.deadlines.put_off(more_s)
        return True

    def _before_end(self, deadline: Deadline | None) -> None:
        if self.watch.before_end is not None:
            self.watch.before_end(self.vm, deadline)

    def _dying(self, deadline: Deadline | None) -> None:
        if self.watch.dying is not None:
            self.watch.dying(self.vm, deadline)

    def _disk_error(self, event: MachineEvent) -> str:
        """What the host could not do for a disk: the guest's own fault it cannot be."""
        node = str(event.data.get("node-name", ""))
        named = [
            disk.name
            for index, disk in enumerate(self.vm.spec.disks)
            if node.partition(".")[0] == node_of(index)
        ]
        name = "".join(named) or node
        reason = event.data.get("reason", "no reason given")
        stored = [each.name for each in self.vm.disk_clones if each.backend is DiskBackend.REFLINK]
        where = "the host's store" if name in stored else str(self.vm.files.root)
        return (
            f"the host could not {event.data.get('operation', 'serve')} disk {name}: {reason}; its "
            f"clone lies in {where}"
        )

    def _ending(self, exited: Exited) -> Ending:
        found = endings.ending_of(
            exited, panicked=self.panicked, expired=self.expired, interrupted=self.interrupted
        )
        if self.disk_error and found.kind is not EndingKind.TERMINATED:
            return Ending(EndingKind.QEMU_ERROR, self.disk_error)
        if self.vm.files.is_full() and found.kind is not EndingKind.TERMINATED:
            return Ending(
                EndingKind.QEMU_ERROR,
                f"the disk is full: {self.vm.files.free_bytes()} bytes are left under "
                f"{self.vm.files.root}, so the guest's output may be cut short; free some space "
                f"and run the test again",
            )
        return found
