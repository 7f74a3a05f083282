# SPDX-License-Identifier: Apache-2.0
"""Ops and conditions about the state of kernel and scheduler: what the host does for a scenario."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ktstr.guest.system.outside import Outside
from ktstr.model.scenario.inside import KernelValue, MapValue, SetKernel, SetMap, Snapshot
from ktstr.model.verdict.relations import holds
from ktstr.model.wire.asking import ReadKernel, ReadMap, TakeSnapshot, WriteKernel, WriteMap
from ktstr.model.wire.places import entry_name
from ktstr.model.wire.state_set import StateSet

if TYPE_CHECKING:
    from ktstr.guest.system.port import Sink
    from ktstr.model.scenario.inside import InsideCondition, InsideOp


class Inside:
    """What is asked for from within a guest; what is set goes to `sink` as a fact.

    All methods raise what `Outside.ask` does.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._outside = Outside()

    def apply(self, op: InsideOp, step: int | None) -> None:
        """Carries out an op."""
        match op:
            case Snapshot(name=name):
                self._outside.ask(TakeSnapshot(name))
            case SetKernel():
                self.set_kernel(op, step)
            case SetMap():
                self.set_map(op, step)

    def look(self, condition: InsideCondition) -> tuple[bool, str]:
        """Whether a condition is met now, and what was seen.

        Raises:
            UsageError: the relation says nothing about such a value.
        """
        match condition:
            case MapValue(name, key, field):
                found = self._outside.ask(ReadMap(name, key, field))
                what = entry_name(name, key, field)
            case KernelValue(name):
                found = self._outside.ask(ReadKernel(name, condition.cpu, condition.type))
                what = name
        return holds(condition.relation, found) is True, f"{what} is {found}"

    def read(self, request: ReadKernel | ReadMap) -> Any:
        """What was read."""
        return self._outside.ask(request)

    def set_kernel(self, op: SetKernel, step: int | None) -> None:
        """Sets a variable of the kernel."""
        before = self._outside.ask(WriteKernel(op.name, op.value, op.cpu, op.type))
        self._tell(step, f"kernel {op.name}", op.cpu, before, op.value)

    def set_map(self, op: SetMap, step: int | None) -> None:
        """Sets a number in a map."""
        before = self._outside.ask(WriteMap(op.map, op.key, op.field, op.value, op.cpu))
        self._tell(step, f"map {entry_name(op.map, op.key, op.field)}", op.cpu, before, op.value)

    def _tell(self, step: int | None, what: str, cpu: int | None, before: Any, after: int) -> None:
        whose = what if cpu is None else f"{what} of CPU {cpu}"
        self._sink.emit(StateSet(time.monotonic_ns(), step, whose, int(before), after))
