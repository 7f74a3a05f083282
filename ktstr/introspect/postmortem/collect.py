# SPDX-License-Identifier: Apache-2.0
"""Collects what is to be known of a guest that stands, and will not go on.

Nothing is raised for what is in its memory. What cannot be read is named, and the rest is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ktstr.introspect.debugger.snapshots import with_maps
from ktstr.introspect.debugger.stacks import Stack, Unwinder
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import MemoryFault, PhysicalMemory
from ktstr.introspect.postmortem.bounded import BoundedMemory
from ktstr.introspect.postmortem.locks import NO_LOCKDEP, held_locks
from ktstr.introspect.postmortem.log import kernel_log
from ktstr.introspect.postmortem.programs import Programs
from ktstr.introspect.postmortem.state import HeldLock, LogRecord, PostMortem, TaskStack
from ktstr.introspect.postmortem.waits import waits
from ktstr.introspect.snapshot.space import kernel_memory
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.introspect.snapshot.take import Taking
from ktstr.introspect.snapshot.view import View

# Host seconds that the readers may take, and bytes of the guest's memory: a guest of 60 tasks takes
# 0.05 s and 2 MiB.
SECONDS = 3.0
MOST_BYTES = 256 << 20
# Stacks of so many tasks: those that run or wait first.
MOST_STACKS = 512
_INTERRUPTS = 1 << 9  # EFLAGS.IF
_NEEDED = ("rip", "rsp", "rbp", "cs", "eflags")

Registers = Mapping[str, int]


def collect(
    kernel: Kernel,
    physical: PhysicalMemory,
    registers: Sequence[Registers],
    cause: str,
    *,
    before: Sequence[Registers] = (),
    seconds: float = SECONDS,
) -> PostMortem:
    """What is to be known of the guest with this memory.

    Args:
      kernel: the one that it runs.
      physical: its memory; it must stand still.
      registers: of its CPUs, as far as they are known: rip, rsp, rbp, cs, eflags, gs_base, cr4.
      cause: what it is looked into for.
      before: the registers a moment ago, while it ran: any CPU has its interrupts off for moments.
      seconds: of the host, after which what has been read has to do.
    """
    bounded = BoundedMemory(physical, seconds, MOST_BYTES)
    try:
        view = View(kernel, kernel_memory(kernel, bounded, cr4_of(registers)))
    except (MemoryFault, UnknownName) as error:
        empty = Snapshot("", 0, kernel.release)
        return PostMortem(cause, empty, missing=(f"the kernel's page tables: {error}",))
    # the log first: it is the shortest, and says most where all else is in ruins
    problems: list[str] = []
    log: tuple[LogRecord, ...] = ()
    try:
        log = kernel_log(view)
    except (MemoryFault, UnknownName) as error:
        problems.append(f"the kernel's log: {error}")
    taking = Taking(view)
    stacks: tuple[TaskStack, ...] = ()
    try:
        stacks = tuple(_stacks(taking, registers, before, problems))
    except UnknownName as error:
        problems.append(f"stacks: {error}")
    locks: tuple[HeldLock, ...] = ()
    try:
        locks = tuple(held_locks(taking))
    except UnknownName:
        problems.append(NO_LOCKDEP)
    snapshot = with_maps(kernel, view.memory, taking.snapshot(""))
    missing = (*problems, *snapshot.missing)
    snapshot = replace(snapshot, missing=())
    words = tuple(waits(snapshot, stacks, locks))
    return PostMortem(cause, snapshot, stacks, log, locks, words, missing)


def cr4_of(registers: Sequence[Registers]) -> int | None:
    """The control register, which is the same on all CPUs once the kernel is up."""
    return next((each["cr4"] for each in registers if each.get("cr4")), None)


def _stacks(
    taking: Taking,
    registers: Sequence[Registers],
    before: Sequence[Registers],
    problems: list[str],
) -> Iterator[TaskStack]:
    """Those of running tasks first, then of all that are not kernel threads, then the others."""
    view = taking.view
    unwinder = Unwinder(view.kernel, view.memory, Programs(view).where)
    running = {each.number("curr"): each.cpu for each in taking.runqueues}
    by_cpu, earlier = _by_cpu(taking, registers), _by_cpu(taking, before)
    for address, cpu in sorted(running.items(), key=lambda each: each[1]):
        found = by_cpu.get(cpu)
        stack = unwinder.running(found) if found else Stack((), "no registers of its CPU")
        flags = found["eflags"] | earlier.get(cpu, found)["eflags"] if found else None
        off = not flags & _INTERRUPTS if flags is not None else None
        yield _named(taking, address, stack, cpu, off)
    idle = {each.number("idle") for each in taking.runqueues}
    tasks = [taking.task(each) for each in taking.raw.by_address]
    resting = [each for each in tasks if each.address not in running and each.address not in idle]
    # what is dead has none any more
    resting = [each for each in resting if each.state not in ("dead", "zombie")]
    resting.sort(key=lambda each: (each.kernel_thread, each.pid))
    if len(resting) > MOST_STACKS:
        problems.append(f"stacks: those of {len(resting) - MOST_STACKS} tasks are left out")
    for task in resting[:MOST_STACKS]:
        yield _named(taking, task.address, unwinder.sleeping(task.address), None, None)


def _named(
    taking: Taking, address: int, stack: Stack, cpu: int | None, interrupts_off: bool | None
) -> TaskStack:
    raw = taking.raw.by_address.get(address, {})
    names = tuple(frame.name for frame in stack.frames)
    comm = taking.raw.names.get(address, "")
    return TaskStack(raw.get("pid", -1), comm, cpu, names, stack.cut, interrupts_off)


def _by_cpu(taking: Taking, registers: Sequence[Registers]) -> dict[int, Registers]:
    """Registers by the kernel's numbers of CPUs: in the kernel GS is the CPU's own area."""
    kernel = taking.view.kernel
    areas = {
        (each.address - kernel.symbol("runqueues")) & ((1 << 64) - 1): each.cpu
        for each in taking.runqueues
    }
    known = [each for each in registers if all(name in each for name in _NEEDED)]
    return {areas.get(each.get("gs_base", 0), i): each for i, each in enumerate(known)}
