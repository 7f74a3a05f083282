# SPDX-License-Identifier: Apache-2.0
"""Which code of the kernel's scheduler, and of BPF schedulers, a run reached: stretches of it.

No lines are looked up, so that it costs next to nothing beside the run; addresses are offsets, so
that two runs of one kernel and one object can be compared.
"""

from __future__ import annotations

import struct
import zlib

from ktstr.introspect.coverage.addresses import joined
from ktstr.introspect.coverage.blocks import blocks_of, jited_probe, naming_of
from ktstr.introspect.coverage.programs import place_of
from ktstr.introspect.debugger.objects import Btfs
from ktstr.introspect.debugger.programs import program_name
from ktstr.introspect.kernel.errors import BtfError, UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.qemu import memory_of
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.part import Looked, Wanted
from ktstr.introspect.plugin.watch import Probe
from ktstr.introspect.snapshot.space import kernel_memory
from ktstr.introspect.snapshot.view import View
from ktstr.model.errors import InfraError
from ktstr.model.plan import Plan

# Functions near both ends of what kernel/sched links to: core.c, build_utility.c (6.12 to 7.2).
_FIRST = ("__sched_fork", "ttwu_queue_wakelist", "sched_core_get", "raw_spin_rq_lock_nested")
_LAST = ("__x64_sys_membarrier", "psi_task_switch", "housekeeping_any_cpu", "sched_core_fork")
# __sched: schedule() and who waits
_SCHED_TEXT = ("__sched_text_start", "__sched_text_end")
_ROOM = 16 << 20
_KERNEL, _TEXT, _JITED, _PROGRAM = "ground", "ground text", "ground jited", "ground program"
_SHIFT = 32


class GroundLook:
    """The ground that one guest covers."""

    def __init__(self, kernel: Kernel, part: GroundPart) -> None:
        self._kernel, self._part = kernel, part
        self._programs: list[tuple[range | None, str]] = []
        start, end = scheduler_code(kernel)
        self._base = kernel.symbol("_text")
        text, behind = map(kernel.symbol, _SCHED_TEXT)
        places = ((_KERNEL, start, end), (_TEXT, text, behind))
        self._probes: tuple[Probe, ...] = (
            *(Probe(name, low, high, blocks=True, yields=True) for name, low, high in places),
            jited_probe(_JITED, kernel),
        )
        naming = naming_of(_PROGRAM, kernel)
        if isinstance(naming, str):
            part.lacks = f"no code of BPF programs: {naming}"
            return
        self._register = naming.register
        self._probes += (naming.probe,)

    @property
    def wanted(self) -> Wanted:
        """Its probes, and room for their records."""
        return Wanted(self._probes, hold=self.held, room=_ROOM, rows=True)

    def held(self, held: Held) -> None:
        """A BPF program gets its name, and the guest stands."""
        place, name = None, ""
        try:
            view = View(self._kernel, kernel_memory(self._kernel, memory_of(held.pid)))
            address = held.registers[self._register]
            place = place_of(view, address)
            name = program_name(view, Btfs(view), view.number(address, "bpf_prog", "aux"))
        except (InfraError, UnknownName, BtfError, ValueError, struct.error) as error:
            self._part.lacks = f"the name of a BPF program cannot be read: {error}"
        self._programs.append((place, name))

    def made(self, looked: Looked) -> None:
        """Nothing for the run's record: the part has the ground."""
        found: list[tuple[int, int]] = []
        places = [place for place, _ in self._programs]
        for block in blocks_of(looked.rows, _PROGRAM, _JITED, places):
            if block.probe in (_KERNEL, _TEXT):
                found.append((block.start - self._base, block.end - self._base))
                continue
            for number, place in block.programs:
                name = self._programs[number][1]
                if name:
                    offset = ((1 + zlib.crc32(name.encode())) << _SHIFT) - place.start
                    found.append((block.start + offset, block.end + offset))
        self._part.stretches = joined(found)
        if looked.problem:
            self._part.lacks = looked.problem


class GroundPart:
    """Who tells it; stretches: of the last run.  lacks: why there is less."""

    name = "ground"

    def __init__(self) -> None:
        self.stretches: tuple[tuple[int, int], ...] = ()
        self.lacks = ""

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> GroundLook:
        """The ground that a guest with this kernel covers.

        Raises:
            UnknownName: the kernel has no function that is known to be of its scheduler.
        """
        del plan, cpus
        return GroundLook(kernel, self)

    def without(self, why: str) -> None:
        """No ground, and why."""
        self.lacks = why


def scheduler_code(kernel: Kernel) -> tuple[int, int]:
    """Where the code of kernel/sched begins and ends, but for what the linker sorts elsewhere.

    Raises:
        UnknownName: the kernel has none of the functions that are known to be there.
    """
    first = [kernel.symbol(name) for name in _FIRST if kernel.has_symbol(name)]
    last = [kernel.symbol_range(name).stop for name in _LAST if kernel.has_symbol(name)]
    if not first or not last:
        raise UnknownName(_FIRST[0], f"kernel {kernel.release} has none of {_FIRST} or of {_LAST}")
    return min(first), max(last)
