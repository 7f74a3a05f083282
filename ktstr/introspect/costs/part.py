# SPDX-License-Identifier: Apache-2.0
"""Counts the instructions of a scheduler's callbacks, and of the kernel around them."""

from __future__ import annotations

import struct

from ktstr.introspect.costs.costs import OpCosts, costs_of
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.part import Looked, Wanted
from ktstr.introspect.plugin.watch import SPENT, TOOK, Probe, Read, When
from ktstr.introspect.trace.functions import function_of
from ktstr.introspect.trace.programs import OF_PROGRAMS, Programs
from ktstr.model.plan import Plan

# Bytes of records: about half a million calls.
_ROOM = 64 << 20
_U64 = struct.Struct("<Q")
_NOT_COUNTED = (1 << 64) - 1
# kernel/sched of Linux 6.12 to 7.2: what is called for a wake-up, a switch, and a tick.
_CALLED = ("select_task_rq", "enqueue_task", "dequeue_task", "pick_task", "task_tick")
_CLASSES = ("fair", "scx", "rt", "dl")
_BEGINS, _TAKES = "__schedule", "__switch_to"
_SWITCH = "kernel.switch"
_CUT = "there was no room for all calls: later ones are not counted"


class CostLook:
    """The costs in one guest."""

    def __init__(self, kernel: Kernel) -> None:
        self._programs = Programs(kernel, costs=True)
        lacks = [f"no callbacks: {self._programs.lack}"] if self._programs.lack else []
        probes = list(self._programs.probes)
        for name in [f"{each}_{kind}" for each in _CALLED for kind in _CLASSES]:
            function = function_of(kernel, (name,), set())
            if not isinstance(function, str):
                place, took = function.place, (Read(TOOK, (), 8),)
                probes.append(Probe(name, place.start, place.stop, When.RETURN, took, yields=True))
        for name in (_BEGINS, _TAKES):
            function = function_of(kernel, (name,), set())
            if isinstance(function, str):
                lacks.append(f"no switch: {function}")
                continue
            place, spent = function.place, (Read(SPENT, (), 8),)
            probes.append(Probe(name, place.start, place.stop, reads=spent, yields=True))
        self._probes, self._lacks = tuple(probes), lacks

    @property
    def wanted(self) -> Wanted:
        """Its probes, and room for their records."""
        return Wanted(self._probes, room=_ROOM, rows=True)

    def made(self, looked: Looked) -> OpCosts:
        """What all calls cost."""
        calls: dict[str, list[int]] = {}
        asleep: set[str] = set()
        began: dict[int, int] = {}
        for probe, cpu, data in looked.rows:
            if probe in OF_PROGRAMS:
                call = self._programs.take(probe, cpu, data)
                if call is None:
                    continue
                name = f"op.{call.program.op.name}"
                if call.instructions is None:
                    asleep.add(name)
                    continue
                counted = call.instructions
            else:
                (counted,) = _U64.unpack(data)
                name = f"kernel.{probe}"
                if probe == _BEGINS:
                    began[cpu] = counted
                    continue
                if probe == _TAKES:
                    name, counted = _SWITCH, counted - began.pop(cpu, counted)
            if 0 < counted < _NOT_COUNTED:
                calls.setdefault(name, []).append(counted)
        cut = any(count.hits > count.records for count in looked.probes.values())
        problems = [looked.problem, _CUT * cut, *self._lacks]
        problem = "; ".join(filter(None, problems))
        return OpCosts(costs_of(dict(calls)), tuple(sorted(asleep)), problem)


class CostPart:
    """Who counts."""

    name = "op_costs"

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> CostLook:
        """The costs in a guest with this kernel."""
        return CostLook(kernel)

    def without(self, why: str) -> OpCosts:
        """No costs, and why."""
        return OpCosts(problem=why)
