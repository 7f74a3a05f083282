# SPDX-License-Identifier: Apache-2.0
"""What a test function in the guest works with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from ktstr.guest.function.fits import check_fits
from ktstr.guest.function.played import Played, Tee
from ktstr.guest.function.skipped import Skipped
from ktstr.guest.payload import payloads_of
from ktstr.guest.scenario.engine import Engine
from ktstr.guest.system.failures import Failures
from ktstr.guest.system.hotplug import Hotplug
from ktstr.guest.system.view import online_cpus
from ktstr.model.errors import TestFailure, UsageError
from ktstr.model.plan import DATA_DIR
from ktstr.model.scenario.conditions import OnTimeout
from ktstr.model.scenario.given import scenario_of
from ktstr.model.scenario.limits import NO_LIMITS
from ktstr.model.seeds import stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from random import Random

    from ktstr.guest.function.background import Background
    from ktstr.guest.function.claims import Claim, Claims
    from ktstr.guest.function.handles import CgroupHandle, WorkersHandle
    from ktstr.guest.function.payload_handle import PayloadBuilder
    from ktstr.guest.function.state import KernelState, MapState
    from ktstr.guest.scenario.inside import Inside
    from ktstr.guest.scenario.phases import Watcher
    from ktstr.guest.scenario.population import Stage
    from ktstr.guest.scheduler.subject import Subject
    from ktstr.guest.system.cgroups import CgroupTree
    from ktstr.guest.system.port import Sink
    from ktstr.guest.system.reactor import Reactor
    from ktstr.model.facts import DiskFacts
    from ktstr.model.machine.cpuset import CpusetSpec
    from ktstr.model.machine.topology import TopologyView
    from ktstr.model.plan import Plan, SchedulerPlan
    from ktstr.model.scenario.limits import Limits
    from ktstr.model.scenario.scenario import Backdrop, CgroupDef, HoldSpec, Scenario, Step
    from ktstr.model.verdict.checks import Checks
    from ktstr.model.wire.programs import Program
    from ktstr.model.work.work import Work


# who takes the CPUs that no step takes
_FUNCTION = "function"


class Context:
    """The running guest.  The function is root, and SCHED_FIFO: the scheduler under test cannot
    starve it.  What it starts is an ordinary task, and must have ended when the function returns.
    """

    def __init__(
        self,
        plan: Plan,
        stage: Stage,
        tree: CgroupTree,
        reactor: Reactor,
        sink: Sink,
        subject: Subject,
        witness: Watcher | None = None,
    ) -> None:
        self._plan, self._stage, self._tree = plan, stage, tree
        self._reactor, self._sink, self._subject = reactor, sink, subject
        self._witness = witness
        self._notes: dict[str, Any] = {}
        self._claims: Claims | None = None
        self._background: Background | None = None
        self._inside: Inside | None = None
        self._hotplug = Hotplug(reactor)
        self._payloads = payloads_of(plan, tree, reactor)
        self._bench = None
        if self._payloads is not None:
            from ktstr.guest.function.payload_runs import Bench

            self._bench = Bench(self._payloads, sink)

    @property
    def topology(self) -> TopologyView:
        """The CPUs, LLCs and nodes that this guest sees."""
        return self._stage.view

    @property
    def scheduler(self) -> SchedulerPlan | None:
        """The scheduler under test; None is the kernel's default class."""
        return self._plan.scheduler

    @property
    def duration(self) -> float:
        """The test's duration in guest seconds, which `Frac` holds divide."""
        return self._stage.duration_s

    @property
    def workers_per_cgroup(self) -> int:
        """Workers of a `Work` that does not say how many."""
        return self._stage.workers_per_cgroup

    @property
    def seed(self) -> int:
        """The seed for every random choice, so that a run can be repeated."""
        return self._stage.seed

    def random(self, purpose: str) -> Random:
        """The random numbers of `purpose` that follow from the seed, the same in each call."""
        return stream(self.seed, purpose)

    def disk(self, name: str) -> DiskFacts:
        """A disk of the target: its `device`, and `mount_point`, empty if it is not mounted.

        Raises:
            UsageError: the target has no disk of this name; those that it has are named.
        """
        for disk in self._stage.disks:
            if disk.name == name:
                return disk
        names = ", ".join(disk.name for disk in self._stage.disks) or "none"
        raise UsageError(f"no disk {name!r}: the target has {names}; see its `disks` attribute")

    def data(self, name: str) -> str:
        """The path of one of the target's `data_in_guest`; UsageError if it is none of them."""
        if name not in self._plan.data:
            names = ", ".join(self._plan.data) or "none"
            raise UsageError(f"no file {name!r}: the target has {names}; see its `data_in_guest`")
        return f"{DATA_DIR}/{name}"

    @property
    def notes(self) -> dict[str, Any]:
        """What `note` was given so far."""
        return dict(self._notes)

    def run(
        self,
        *parts: CgroupDef | Step | Scenario,
        backdrop: Backdrop | None = None,
        hold: HoldSpec | None = None,
        checks: Checks | None = None,
        trace: bool | None = None,
    ) -> Played:
        """Plays cgroups in one step, or steps, or a scenario, and returns what came of it.

        `backdrop` lives below all steps.  `hold` is that of the one step of cgroups, else FULL.
        `checks` are the test's own with what is set here replaced, for this run.  trace=False
        leaves the sampler of a test with `trace` out of this run.

        Raises:
            UsageError: the parts do not go together, or do not fit this guest.
        """
        scenario = scenario_of(parts, backdrop, hold, checks)
        gone = self.topology.cpus - online_cpus()
        check_fits(scenario, self._plan, self._stage, self._subject.name, gone)
        if self._background is not None:
            self._background.check_beside(scenario)
        tee = Tee(self._sink)
        stage = replace(self._stage, trace=self._plan.trace and trace is not False)
        engine = Engine(
            stage,
            self._tree,
            self._reactor,
            tee,
            self._subject,
            self._payloads,
            self._hotplug,
            self._witness,
        )
        facts = engine.play(scenario)
        return Played(
            facts,
            tuple(tee.workers),
            tuple(tee.cgroups),
            tuple(tee.payloads),
            tuple(tee.events),
            tuple(tee.samples),
        )

    def cgroup(
        self, name: str, cpuset: CpusetSpec | None = None, limits: Limits = NO_LIMITS
    ) -> CgroupHandle:
        """Makes a cgroup for work in the background; it lives until the function ends.

        Raises:
            UsageError: it cannot be made so on this machine, or there is one of this name.
            InfraError: the kernel refuses.
        """
        return self._behind().make(name, cpuset, limits, None)

    def start(self, work: Work, *, name: str = "", checks: Checks | None = None) -> WorkersHandle:
        """Starts a group of workers beside the agent; `CgroupHandle.start` does so in a cgroup.

        They run until they are stopped, or the function ends.  `name` is what the result calls
        them.  `checks` go over the test's own for their whole life.

        Raises:
            UsageError: such workers cannot run on this machine.
            InfraError: they cannot be made.
        """
        return self._behind().start(None, work, name, checks)

    def phase(
        self, name: str, *workers: WorkersHandle, checks: Checks | None = None
    ) -> AbstractContextManager[None]:
        """`with ctx.phase("squeezed", load, checks=Checks(...)):` judges them by this time alone.

        `checks` go over the test's own; the result has the phase's figures.

        Raises:
            UsageError: a phase has not ended yet, or some of these workers do not run.
        """
        return self._behind().phase(name, workers, checks)

    def wait(
        self,
        met: Callable[[], bool],
        timeout: float,
        *,
        what: str = "the function's condition",
        on_timeout: OnTimeout = OnTimeout.INCONCLUSIVE,
    ) -> bool:
        """Waits until `met()`, which is called every 10 ms of guest time; False after GO_ON alone.

        Raises:
            UsageError: the timeout is no time.
            TestFailure, InfraError: the time ran out, as `on_timeout` says, or the scheduler went.
        """
        from ktstr.guest.function.waiting import Wait, Waiter

        waiter = Waiter(self._reactor, self._subject, self._sink)
        return waiter.wait(Wait(what, timeout, on_timeout), met, lambda: "it is not so")

    def hold(self, seconds: float) -> bool:
        """Lets guest time go by, and takes what payloads print; False if the scheduler was lost.

        Raises:
            UsageError: that is no time.
        """
        from ktstr.guest.function.waiting import Waiter

        return Waiter(self._reactor, self._subject, self._sink).hold(seconds)

    def _behind(self) -> Background:
        if self._background is None:
            from ktstr.guest.function.background import Background  # few functions have such work

            self._background = Background(
                self._plan,
                self._stage,
                self._tree,
                self._reactor,
                self._sink,
                self._subject,
                self._witness,
            )
        return self._background

    def payload(self, name: str) -> PayloadBuilder:
        """A builder of runs of one of the target's payloads: `.arg(...)`, ..., `.run()`.

        Raises:
            UsageError: the target has no payload of this name.
        """
        if self._bench is None:
            raise UsageError(f"payload {name!r}: this target has none; see its `payloads`")
        return self._bench.builder(name)

    def close(self) -> None:
        """Ends the payloads, workers and claims that the function left, and brings back the CPUs.

        Called once the function has ended.

        Raises:
            InfraError: some of it could not be ended, or a CPU does not come back.
        """
        failures = Failures()
        if self._claims is not None:
            failures.attempt(self._claims.close)
        if self._bench is not None:
            failures.attempt(self._bench.close)
        if self._background is not None:
            failures.attempt(self._background.close)
        failures.attempt(lambda: self._hotplug.restore(_FUNCTION))
        failures.tell()

    def offline_cpu(self, cpu: int) -> None:
        """Takes a CPU away, until `online_cpu`, an OnlineCpu, or the end of the function.

        Raises:
            UsageError: there is no such CPU, or it is offline already.
            InfraError: the kernel refuses; its error is named.
        """
        self._hotplug.take(cpu, _FUNCTION)

    def online_cpu(self, cpu: int) -> None:
        """Brings a CPU back, whoever took it; raises as `offline_cpu` does."""
        self._hotplug.bring(cpu)

    def set_knob(self, name: str, value: int) -> None:
        """Sets a global variable of the running scheduler.

        Raises:
            UsageError: the scheduler takes no knobs, has no such one, or refuses the value.
            InfraError: it does not answer.
        """
        self._subject.set_knob(name, value)

    @property
    def kernel(self) -> KernelState:
        """The kernel's variables, which the host reads and sets at an exact instant.

        Its methods raise UsageError for names that this kernel does not have, and Unanswered where
        nobody looks into the guest from outside: then the test is INCONCLUSIVE.
        """
        from ktstr.guest.function.state import KernelState

        return KernelState(self._look_inside())

    def map(self, name: str) -> MapState:
        """A BPF map of the scheduler: `ctx.map("cpu_ctx")[3].nr_queued`; raises as `kernel` does.

        Raises:
            UsageError: no map can be called so.
        """
        from ktstr.guest.function.state import MapState

        return MapState(self._look_inside(), name)

    def programs(self) -> tuple[Program, ...]:
        """The BPF programs of the scheduler that is attached, as the kernel tells of them.

        Raises:
            InfraError: the kernel does not tell.
        """
        from ktstr.guest.scheduler.programs import programs_of_schedulers

        return programs_of_schedulers()

    def snapshot(self, name: str) -> None:
        """Keeps the state of the guest of now in the result; raises as `kernel` does.

        Raises:
            UsageError: nothing can be kept under such a name.
        """
        from ktstr.guest.function.state import take_snapshot

        take_snapshot(self._look_inside(), name)

    def _look_inside(self) -> Inside:
        if self._inside is None:
            from ktstr.guest.scenario.inside import Inside

            self._inside = Inside(self._sink)
        return self._inside

    def note(self, name: str, value: str | int | float | bool) -> None:
        """Puts a value into the result.

        Raises:
            UsageError: the value is no text, number or truth value.
        """
        if not isinstance(value, str | int | float | bool):
            raise UsageError(f"note {name!r}: {type(value).__name__} is no text, number or bool")
        self._notes[name] = value

    def claim(self, name: str, value: Any) -> Claim:
        """Names a value, to say what must be true of it: `ctx.claim("rate", x).at_least(3)`.

        The host judges: a claim that does not hold is a failure, and the function goes on.

        Raises:
            UsageError: the value is no number, truth value, text, None, or collection of these.
        """
        if self._claims is None:
            from ktstr.guest.function.claims import Claims  # few functions claim anything

            self._claims = Claims(self._sink.emit)
        return self._claims.make(name, value)

    def skip(self, reason: str) -> NoReturn:
        """Ends the function: the test does not apply here."""
        raise Skipped(reason)

    def fail(self, message: str) -> NoReturn:
        """Ends the function: the scheduler under test did something wrong."""
        raise TestFailure(message)
