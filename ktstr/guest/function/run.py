# SPDX-License-Identifier: Apache-2.0
"""Runs a test function in a process of its own, bounded in time and output, and cleans up after."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from ktstr.guest.function.body import run_body
from ktstr.guest.function.link import AgentEnd
from ktstr.guest.system.cgroups import CgroupTree, workload_tree
from ktstr.guest.system.child import await_child
from ktstr.guest.system.log import BoundedLog
from ktstr.guest.system.processes import describe
from ktstr.guest.system.realtime import children_shielded
from ktstr.guest.workers.group import WORKER
from ktstr.model.exit_status import describe_status
from ktstr.model.facts import Event, LogChunk, TestFacts
from ktstr.model.function_end import FunctionEnd
from ktstr.model.wire.events import EventName

if TYPE_CHECKING:
    from ktstr.guest.observers.witness import Witness
    from ktstr.guest.scenario.population import Stage
    from ktstr.guest.scheduler.subject import Subject
    from ktstr.guest.system.port import FramePort
    from ktstr.guest.system.reactor import Reactor
    from ktstr.model.plan import Plan

_PARENT = "ktstr-test"
_CGROUP = "body"
_NS = 1_000_000_000
_KILL_S = 2.0
_PIECE = 1 << 16


class FunctionRun:
    """One run of the plan's function."""

    def __init__(
        self,
        plan: Plan,
        stage: Stage,
        reactor: Reactor,
        port: FramePort,
        subject: Subject,
        witness: Witness | None,
    ) -> None:
        self._plan, self._stage, self._reactor = plan, stage, reactor
        self._port, self._subject, self._witness = port, subject, witness
        self._tree = CgroupTree(parent=_PARENT)
        self._managed = workload_tree(plan.workload_root)
        self._log = BoundedLog()
        self._status: int | None = None

    def run(self) -> None:
        """Runs it to its end or its deadline; emits its output and `TestFacts`."""
        # the host gives the function its own time from here on
        self._port.emit(Event(time.monotonic_ns(), EventName.TEST_START))
        self._tree.create(_CGROUP)
        link, answers, output = os.pipe(), os.pipe(), os.pipe()
        with children_shielded():
            pid = os.fork()
        if pid == 0:
            for descriptor in (link[0], answers[1], output[0]):
                os.close(descriptor)
            self._tree.place(_CGROUP, os.getpid())
            run_body(self._plan, self._stage, link[1], answers[0], output[1])
        for descriptor in (link[1], answers[0], output[1]):
            os.close(descriptor)
        if self._witness is not None:
            self._witness.follow(pid)
        end = AgentEnd(link[0], answers[1], self._port, self._subject, self._witness)
        self._reactor.watch(link[0], lambda: self._pass_on(link[0], end))
        self._reactor.watch(output[0], lambda: self._keep(output[0]))
        limit_s = self._plan.deadlines.test_s
        self._status, in_time = await_child(self._reactor, pid, limit_s, _KILL_S)
        left = self._end_leftovers()
        # nobody is left who could write: what the pipes hold is all there is
        self._reactor.wait(time.monotonic_ns() + _NS, lambda: not self._open(link[0], output[0]))
        for descriptor in (link[0], output[0]):
            self._shut(descriptor)
        os.close(answers[1])
        if self._witness is not None:
            # it may have died within a step
            self._witness.turn(None)
            self._witness.report()
        self._port.emit(LogChunk("test", self._log.text(), self._log.truncated))
        self._port.emit(self._facts(end, in_time, left))
        # what it may fail of must not take the facts along
        self._tree.remove(_CGROUP)

    def _end_leftovers(self) -> tuple[str, ...]:
        left: list[str] = []
        for tree, name in ((self._tree, _CGROUP), (self._managed, "")):
            left += filter(None, (describe(pid) for pid in tree.all_pids(name)))
            tree.kill(name)
        for tree, name in ((self._tree, _CGROUP), (self._managed, "")):
            tree.await_empty(name, _KILL_S)
        # workers are no processes of the function's: they end with it, by their own doing
        return tuple(sorted(each for each in left if WORKER not in each))

    def _pass_on(self, descriptor: int, end: AgentEnd) -> None:
        if not end.read():
            self._shut(descriptor)

    def _keep(self, descriptor: int) -> None:
        data = os.read(descriptor, _PIECE)
        self._log.add(data)
        if not data:
            self._shut(descriptor)

    def _shut(self, descriptor: int) -> None:
        if self._reactor.watches(descriptor):
            self._reactor.forget(descriptor)
            os.close(descriptor)

    def _open(self, *descriptors: int) -> bool:
        return any(self._reactor.watches(descriptor) for descriptor in descriptors)

    def _facts(self, end: AgentEnd, in_time: bool, left: tuple[str, ...]) -> TestFacts:
        said = end.done
        if not in_time:
            limit = f"{self._plan.deadlines.test_s:g} s of guest time"
            outcome, detail, verdict = FunctionEnd.DEADLINE, f"it took longer than {limit}", ""
        elif said is not None and self._status == 0:
            # a fork that returned says so, too: what the process itself came to decides
            outcome, detail, verdict = FunctionEnd(said["outcome"]), said["detail"], said["verdict"]
        else:
            outcome, detail = _how(self._status)
            verdict = ""
        return TestFacts(
            outcome=outcome,
            detail=detail,
            verdict=verdict,
            left_behind=left,
            output_bytes=self._log.total,
            notes=said["notes"] if said is not None else {},
            damages=end.damages(),
        )


def _how(status: int | None) -> tuple[FunctionEnd, str]:
    if status is None:
        return FunctionEnd.SIGNALLED, "it was still there after SIGKILL"
    how = FunctionEnd.EXITED if os.WIFEXITED(status) else FunctionEnd.SIGNALLED
    return how, describe_status(status)
