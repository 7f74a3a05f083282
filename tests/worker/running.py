# SPDX-License-Identifier: Apache-2.0
"""Groups of real workers, run on this machine for fractions of a second."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable

from ktstr.guest.system.reactor import Reactor
from ktstr.guest.workers.group import WorkerGroup
from ktstr.model.facts import DiskFacts, WorkerFacts
from ktstr.model.work.policy import Policy
from ktstr.model.work.work import Work
from tests.worker.program import WORKER, program

PATIENCE_S = 30.0
_NS = 1_000_000_000
_LOWEST = 19
# Whoever runs builds niced gives it to these tests, and few may take it back.
_OWN = os.getpriority(os.PRIO_PROCESS, 0)


def nice_here(nice: int) -> int:
    """What a worker that asks for `nice` on an idle machine asks for below this process."""
    return min(_LOWEST, nice + _OWN)


def work_here(work: Work) -> Work:
    """`work` with a nice that this process may give to its workers."""
    if work.policy not in (Policy.NORMAL, Policy.BATCH):
        return work
    return dataclasses.replace(work, nice=nice_here(work.nice))


class Run:
    """A group of workers that works until it has done something, and a bit longer."""

    def __init__(
        self,
        work: Work,
        count: int,
        affinity: frozenset[int] | None = None,
        disks: tuple[DiskFacts, ...] = (),
        source: str = "",
    ) -> None:
        self.reactor = Reactor()
        self.group = WorkerGroup(
            self.reactor,
            work_here(work),
            3,
            "w7.3",
            "cg",
            2,
            disks=disks,
            program=program(WORKER),
            source=source,
        )
        self.group.allow(None)
        self.group.spawn([affinity] * count)

    def until(self, what: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not what():
            if time.monotonic() > deadline:
                raise TimeoutError("the workers did nothing for too long")
            self.reactor.wait(time.monotonic_ns() + _NS // 100, lambda: False)

    def work(self, least: int = 21) -> None:
        self.group.start()
        self.until(lambda: all(slot.iterations >= least for slot in self.group.slots()))

    def end(self) -> list[WorkerFacts]:
        self.group.ask_to_stop()
        self.reactor.wait(time.monotonic_ns() + int(PATIENCE_S * _NS), lambda: self.group.finished)
        facts = self.group.collect(PATIENCE_S)
        self.group.remove_leftovers()
        return facts
