# SPDX-License-Identifier: Apache-2.0
"""The reads of a watch done in a guest's memory from outside, while the guest runs on.

What belongs to one CPU is read between two readings of its runqueue's clock.  Where these do not
agree the CPU had a tick, or a task came or went, meanwhile: what was read may be torn, and is read
again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ktstr.introspect.memory.memory import Memory, MemoryFault
from ktstr.introspect.plugin.watch import ABSOLUTE, EACH_CPU, POINTED_CPU, Read

_MASK = (1 << 64) - 1
# a CPU that comes to rest in none of so many tries is torn
_TRIES = 4


def run(memory: Memory, read: Read, area: int = 0) -> bytes:
    """What one read gets, in the area of one CPU: zeros where it cannot be done, as the plugin has.

    Only reads of ABSOLUTE, EACH_CPU and POINTED_CPU: outside there are no registers.
    """
    return b"".join(_once(memory, read, area, time) for time in range(read.times))


def _once(memory: Memory, read: Read, area: int, time: int) -> bytes:
    at = read.offsets[0] + (area if read.base == EACH_CPU else 0)
    try:
        for number, offset in enumerate(read.offsets[1:], 1):
            pointer = int.from_bytes(memory.read(at & _MASK, 8), "little")
            if not pointer or pointer & 1:
                return bytes(read.size)
            at = pointer + offset + (8 * time if number == read.array else 0)
        at += area if read.base == POINTED_CPU else 0
        return memory.read(at & _MASK, read.size)
    except MemoryFault:
        return bytes(read.size)


def whole(
    memory: Memory, reads: Sequence[Read], areas: Sequence[int], clock: Callable[[int], bytes]
) -> bytes | None:
    """The bytes of all reads, one behind the other; None where a CPU's were torn each time.

    areas: of the CPUs.  clock: what a CPU's runqueue has for a clock now.
    """
    of_cpus = [read for read in reads if read.base != ABSOLUTE]
    found: list[dict[Read, bytes]] = []
    for cpu, area in enumerate(areas):
        for _ in range(_TRIES):
            before = clock(cpu)
            got = {read: run(memory, read, area) for read in of_cpus}
            if clock(cpu) == before:
                found.append(got)
                break
        else:
            return None
    parts: list[bytes] = []
    for read in reads:
        if read.base == ABSOLUTE:
            parts.append(run(memory, read))
        else:
            parts += [got[read] for got in found]
    return b"".join(parts)
