# SPDX-License-Identifier: Apache-2.0
"""The part that answers guests: holds them where they ask, and keeps the snapshots they want."""

from __future__ import annotations

from dataclasses import dataclass, field

from ktstr.introspect.asking.answers import State, reply_to
from ktstr.introspect.asking.asked import Asked
from ktstr.introspect.asking.bounded import BoundedMemory
from ktstr.introspect.asking.call import Entry
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import PhysicalMemory
from ktstr.introspect.memory.paging import PagedMemory, Tables, kernel_tables
from ktstr.introspect.memory.qemu import memory_of
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.part import Looked, Wanted
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.model.errors import InfraError
from ktstr.model.plan import Plan
from ktstr.model.scenario.inside import InsideCondition, InsideOp
from ktstr.model.scenario.parts import ops_of
from ktstr.model.scenario.scenario import Until, WaitFor

_FRAME = ((1 << 52) - 1) & ~0xFFF


@dataclass
class Answering:
    """Answers one guest; entry: None for one that never asks, which is not held."""

    kernel: Kernel
    entry: Entry | None
    _snapshots: list[Snapshot] = field(default_factory=list)
    _answered: int = 0
    _problem: str = ""
    _physical: PhysicalMemory | None = None
    _paged: PagedMemory | None = None
    _memory: BoundedMemory | None = None
    _state: State | None = None
    _levels: int = 4

    @property
    def wanted(self) -> Wanted:
        """Calls of prctl(2) with ktstr's option stand for a moment; others do not."""
        if self.entry is None:
            return Wanted()
        return Wanted((self.entry.probe,), (self.entry.predicate,), self.held)

    def made(self, looked: Looked) -> Asked | None:
        """What the run's record has of it; nothing of one that never asks."""
        if self.entry is None:
            return None
        return Asked(tuple(self._snapshots), self._answered, self._problem or looked.problem)

    def held(self, held: Held) -> None:
        """The guest stands at the call, and goes on when this returns, answered or not."""
        try:
            self._answer(held)
        except InfraError as error:
            # who asked finds no reply, and says that nobody answered
            self._problem = self._problem or f"a request was not answered: {error}"

    def _answer(self, held: Held) -> None:
        physical = self._begin(held.pid)
        assert self.entry is not None
        # the tables of who calls: its own memory, and the kernel's
        own = PagedMemory(physical, Tables(held.registers["cr3"] & _FRAME, self._levels))
        call = self.entry.call(held.registers, own)
        if call is None:
            return
        data = own.read(call.request, call.request_bytes)
        reply = reply_to(data, call.reply_bytes, self._looked_at)
        if reply is None:
            raise InfraError("a call of prctl(2) with ktstr's option held no request")
        own.write(call.reply, reply)
        self._answered += 1

    def _begin(self, pid: int) -> PhysicalMemory:
        if self._physical is None:
            self._physical = memory_of(pid)
            self._levels = self._tables(self._physical).levels
        if self._memory is not None:
            self._memory.begin()
        if self._paged is not None:
            self._paged.forget()
        return self._physical

    def _looked_at(self) -> State:
        if self._state is None:
            # few guests ask, and others need not pay for it
            from ktstr.introspect.asking.state import GuestState

            assert self._physical is not None
            tables = self._tables(self._physical)
            self._paged = PagedMemory(self._physical, tables, stands=True)
            self._memory = BoundedMemory(self._paged)
            self._state = GuestState(self.kernel, self._memory, self._snapshots.append)
        return self._state

    def _tables(self, physical: PhysicalMemory) -> Tables:
        """The kernel's own tables: it builds them in its image before anything can be asked."""
        kernel = self.kernel
        moved = kernel.symbol("phys_base") if kernel.has_symbol("phys_base") else 0
        shift = kernel.symbol("pgdir_shift") if kernel.has_symbol("pgdir_shift") else None
        return kernel_tables(physical, kernel.symbol("init_top_pgt"), moved, None, shift)


class AskingPart:
    """Answers the guests of all tests that may ask."""

    name = "asked"

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> Answering:
        """Raises UnknownName where the kernel lacks what is needed."""
        del cpus
        return Answering(kernel, Entry(kernel) if _may_ask(plan) else None)

    def without(self, why: str) -> Asked:
        """Nobody is answered, for that reason."""
        return Asked(problem=why)


def _may_ask(plan: Plan) -> bool:
    """Whether something in the guest may ask: of what is code, nobody knows."""
    if plan.scenario is None:
        return True
    if any(isinstance(op, InsideOp) for op in ops_of(plan.scenario)):
        return True
    waits = [op.condition for op in ops_of(plan.scenario) if isinstance(op, WaitFor)]
    waits += [step.hold.condition for step in plan.scenario.steps if isinstance(step.hold, Until)]
    return any(isinstance(condition, InsideCondition) for condition in waits)
