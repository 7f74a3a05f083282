# SPDX-License-Identifier: Apache-2.0
"""The agent: carries out the plan and sends what it saw, down to the last frame."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from typing import TYPE_CHECKING

from ktstr.guest.observers.cpu_watch import CpuWatch
from ktstr.guest.payload import payloads_of
from ktstr.guest.scenario.engine import Engine
from ktstr.guest.scenario.population import Stage
from ktstr.guest.scheduler.lives import Schedulers
from ktstr.guest.scheduler.subject import Subject
from ktstr.guest.system.cgroups import workload_tree
from ktstr.guest.system.comm import set_comm
from ktstr.guest.system.mark import mark
from ktstr.guest.system.oom import NEVER_KILLED, set_oom_score
from ktstr.guest.system.port import FramePort
from ktstr.guest.system.reactor import Reactor
from ktstr.guest.system.realtime import shield
from ktstr.guest.system.view import seen_view
from ktstr.model.errors import InfraError
from ktstr.model.facts import DiskFacts, End, LogChunk
from ktstr.model.plan import PLAN_PATH, RECORDING_PATH, Plan
from ktstr.model.wire.phases import Phase
from ktstr.model.wire.witness import AGENT_COMM

if TYPE_CHECKING:
    from collections.abc import Callable

    from ktstr.guest.observers.recorder import Recorder
    from ktstr.guest.observers.witness import Witness
    from ktstr.guest.scheduler.waiting import WaitingLoader

_HELLO_FRAMES = 1


def run(
    descriptor: int,
    plan_text: bytes,
    prepare: Callable[[], None],
    reactor: Reactor | None = None,
    witness: Witness | None = None,
    loader: WaitingLoader | None = None,
) -> int:
    """Carries out a plan, sends its facts to `descriptor` and ends with an End frame.

    Hello has been sent.  `prepare` makes the guest the test's own, before anything of it runs.
    `witness` is loaded already and waits at `reactor`, if there is one; so does `loader`.
    Returns the exit status: 1 if the agent itself failed.
    """
    port = FramePort(descriptor, _HELLO_FRAMES)
    try:
        shield()
        set_comm(AGENT_COMM)
        set_oom_score(NEVER_KILLED)
        prepare()
        session = _Session(_plan_of(plan_text), port, reactor or Reactor(), witness, loader)
        session.carry_out()
    except BaseException as failure:  # noqa: BLE001 - whatever it is, the host must hear of it
        return end_with(port, failure)
    port.emit(End(port.sent, time.monotonic_ns(), ""))
    return 0


def end_with(port: FramePort, failure: BaseException) -> int:
    """Ends the stream of a guest whose agent failed; returns the exit status."""
    text = "".join(traceback.format_exception(failure))
    sys.stderr.write(text)
    port.emit(LogChunk("agent", text))
    port.emit(End(port.sent, time.monotonic_ns(), f"{type(failure).__name__}: {failure}"))
    return 1


def _plan_of(text: bytes) -> Plan:
    if not text:
        raise InfraError(f"the guest has no plan: {PLAN_PATH} is missing or empty")
    return Plan.from_json(text.decode())


class _Session:
    """One plan, from the scheduler's start to its end."""

    def __init__(
        self,
        plan: Plan,
        port: FramePort,
        reactor: Reactor,
        witness: Witness | None,
        loader: WaitingLoader | None,
    ) -> None:
        self._plan, self._port, self._reactor = plan, port, reactor
        self._loader = loader
        self._view = seen_view()
        self._witness = self._wanted(witness)
        self._found: tuple[DiskFacts, ...] = ()

    def _wanted(self, witness: Witness | None) -> Witness | None:
        """The witness of this plan, loaded, if it is to have one."""
        if not self._plan.witness or self._plan.shell:
            if witness is not None:
                witness.dismiss()
            return None
        if witness is None:
            # a clone has it in its memory already
            from ktstr.guest.observers.witness import Witness

            witness = Witness(self._reactor)
            witness.load()
        return witness

    def carry_out(self) -> None:
        # for all that is started from here on: schedulers, payloads, workers, the test function
        os.environ.update(self._plan.environment)
        if not self._plan.disks:
            self._subject()
            return
        # with its ctypes it is dear to import, and most tests have no disk
        from ktstr.guest.disks.disks import Disks

        # before the scheduler: what is wrong with a disk must not look like its doing
        wait_s = self._plan.deadlines.start_s / 2
        disks = Disks(self._plan.disks, self._reactor, self._port, wait_s)
        try:
            if disks.ready() or self._plan.shell:
                self._found = disks.found
                self._subject()
        finally:
            disks.finish()

    def _subject(self) -> None:
        """Runs the body under the plan's scheduler, or the kernel's own."""
        with contextlib.ExitStack() as ending:
            ending.callback(CpuWatch(self._reactor, self._port).finish)
            if self._witness is not None:
                self._witness.begin(self._port, len(self._view.cpus))
                ending.callback(self._witness.finish)
            if self._plan.workload_root:
                workload_tree(self._plan.workload_root).prepare()
            ending.callback(mark, Phase.GONE)
            self._under_schedulers(ending)

    def _under_schedulers(self, ending: contextlib.ExitStack) -> None:
        recorder = self._recorder()
        schedulers = Schedulers(self._plan, self._reactor, self._port, self._loader)
        if recorder is not None:
            # of the real-time class, it would keep the tasks of a scheduler that still runs waiting
            ending.callback(recorder.finish)
        ending.callback(schedulers.end)
        ending.callback(mark, Phase.AFTER)
        mark(Phase.SCHEDULER)
        attached = schedulers.begin()
        if recorder is not None:
            recorder.follow()
        if not attached and self._plan.shell:
            sys.stderr.write(schedulers.words())
        # a prompt is of use without the scheduler, a script under another one is not
        if attached or (self._plan.shell and not self._plan.command):
            mark(Phase.BODY)
            self._body(schedulers)

    def _recorder(self) -> Recorder | None:
        """Records already, where the host wants that of this run."""
        if not os.access(RECORDING_PATH, os.F_OK):
            return None
        # few runs are to fail once more
        from ktstr.guest.observers.recorder import Recorder

        recorder = Recorder(self._reactor, self._port)
        recorder.start()
        return recorder

    def _body(self, subject: Subject) -> None:
        plan = self._plan
        stage = Stage(
            self._view,
            plan.duration_s,
            plan.workers_per_cgroup,
            plan.seed,
            plan.deadlines.collect_s,
            self._found,
            source=plan.source,
            trace=plan.trace,
            tells=plan.scheduler if plan.scheduler and plan.scheduler.stats_socket else None,
        )
        if plan.command:
            from ktstr.guest.command import CommandRun

            CommandRun(plan, self._reactor, self._port).run()
        elif plan.shell:
            from ktstr.guest.shell import run_shell

            run_shell(plan, stage, self._reactor)
        elif plan.scenario is not None:
            tree = workload_tree(plan.workload_root)
            payloads = payloads_of(plan, tree, self._reactor)
            engine = Engine(
                stage, tree, self._reactor, self._port, subject, payloads, witness=self._witness
            )
            engine.play(plan.scenario)
        elif plan.function is not None:
            # the modules that only a test function needs are a third of all there is to import
            from ktstr.guest.function.run import FunctionRun

            FunctionRun(plan, stage, self._reactor, self._port, subject, self._witness).run()
