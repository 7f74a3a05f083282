# SPDX-License-Identifier: Apache-2.0
"""What QEMU's plugin is to look at in a guest of virtual time, as data.

The plugin (tools/qemu/probes) stands at single instructions of the kernel, before they run, and
copies registers and memory. It changes nothing, and has no clock: what a record says of time is
what the guest's memory held.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from ktstr.model.errors import UsageError

# Registers by the names that a `Read` and `Record.registers` use, in the order of records.
REGISTERS = (
    *("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp"),
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"),
    *("gs_base", "cr3", "rip"),
)
# Bases of a read that are no register.
ABSOLUTE, EACH_CPU, POINTED_CPU = "", "cpu", "cpu*"
# Bases that are numbers themselves, without offsets: virtual time in ns, now and where the call
# began that returns here; instructions of the kernel that the vCPU has run, in all and in that
# call (all bits where it ends on another vCPU than it began on).
NOW, BEGAN, SPENT, TOOK = "now", "began", "spent", "took"
NUMBERS = (NOW, BEGAN, SPENT, TOOK)

# What the plugin has room for; tools/qemu/probes/watch.h knows the same numbers.
MOST_CPUS = 256
MOST_PROBES = 512
MOST_READS = 64
MOST_OFFSETS = 6
MOST_TIMES = 4096
MOST_RUN_BYTES = 1 << 16
MOST_PREDICATES = 1024
MOST_EVALUATED = 1 << 16
MOST_RECORD_BYTES = 1 << 22
MOST_PHASE = 0xFFFF
MOST_NUMBER_BYTES = 8


class When(enum.Enum):
    """Where in a function: its first instruction, or whatever leaves it for good."""

    ENTRY = "entry"
    RETURN = "return"


@dataclass(frozen=True)
class Read:
    """Bytes to copy.

    Attributes:
      base: a register at the probe (of RETURN: as it was at entry, but for rax, which is as it
        is), ABSOLUTE, or EACH_CPU: the area of each CPU, from which one run of bytes per CPU comes.
        POINTED_CPU: ABSOLUTE, and the last pointer is to a variable of each CPU (`__percpu`), so
        that one run comes of each, too.
      offsets: the first is added to the base. Before each further one, the pointer that is found
        there is followed. Where one is NULL or odd (as the ends of hash chains are), or cannot be
        read, zeros come, and a mark.
        Without any the base itself is copied, as 8 bytes.
      size: bytes of a run.
      times: how often this is done, with each of so many pointers that lie one behind the other;
        what comes of all of them is one run.
      array: the number of the offset, from 0, at which the first of these pointers lies.
    """

    base: str
    offsets: tuple[int, ...]
    size: int
    times: int = 1
    array: int = 1

    def __post_init__(self) -> None:
        if self.base not in (ABSOLUTE, EACH_CPU, POINTED_CPU, *NUMBERS, *REGISTERS):
            raise UsageError(
                f"a read is based on {self.base!r}; that is one of {', '.join(REGISTERS)}, "
                f'"{EACH_CPU}" or "{POINTED_CPU}" for each CPU, {", ".join(NUMBERS)}, or empty'
            )
        if self.base in NUMBERS or not self.offsets:
            self._check_number()
            return
        if not 1 <= self.times <= MOST_TIMES:
            raise UsageError(f"a read is done 1 to {MOST_TIMES} times, not {self.times}")
        if self.times > 1 and not 1 <= self.array < len(self.offsets) - 1:
            raise UsageError(
                f"the {self.times} pointers of a read lie at its offset {self.array}; that is to "
                f"be one behind a pointer, and not the last of {len(self.offsets)}"
            )
        if len(self.offsets) < 2 and self.base == POINTED_CPU:
            raise UsageError("a read of what a pointer has for each CPU follows one")
        if not 1 <= len(self.offsets) <= MOST_OFFSETS:
            raise UsageError(f"a read has 1 to {MOST_OFFSETS} offsets, not {len(self.offsets)}")
        if not 1 <= self.size <= MOST_RUN_BYTES:
            raise UsageError(f"a read has 1 to {MOST_RUN_BYTES} bytes, not {self.size}")

    def _check_number(self) -> None:
        known = (*NUMBERS, *REGISTERS)
        if self.base not in known or self.offsets or self.size != 8 or self.times != 1:
            raise UsageError(
                f"a read of a number is one of {', '.join(known)}, without offsets, of 8 bytes; "
                f"not {self}"
            )


@dataclass(frozen=True)
class Period:
    """At most one record while the u64 at `read`, or virtual time, has grown by less than `least`.

    Probes with equal periods share one: whichever is hit first once that is over makes the record.
    `whose` keeps periods apart that are equal otherwise.
    """

    read: Read
    least: int
    whose: str = ""

    def __post_init__(self) -> None:
        one = self.read.times == 1 and self.read.base not in (EACH_CPU, POINTED_CPU)
        if self.read.size != 8 or not one or not (self.read.offsets or self.read.base == NOW):
            raise UsageError("a period is told by one u64: by a read of 8 bytes, not of each CPU")


@dataclass(frozen=True)
class Probe:
    """A place in the kernel, and what to do whenever a CPU comes to it.

    Attributes:
      name: of its records; unique in a watch.
      address: of the function.
      end: of the function, the first byte behind it.
      when: ENTRY hooks the instruction at `address`, RETURN each return or jump that leaves
        [address, end) with the stack as it was at entry.
      reads: what a record holds.
      period: how far records are apart at least.
      begins: whether that is a beginning instead: while the period's u64 is below its `least` it is
        as if the probe was not there.
      registers: whether a record has all of REGISTERS.
      stack: whether a record has the stack in use, and beside that of an interrupt the task's.
      predicates: numbers of the watch's predicates, which are evaluated here. With any, a record
        comes only where one has failed, and of each predicate only the watch's `failures`.
      every: whether a record comes of every such failure instead.
      yields: whether it makes no record where that would leave less than the watch's `reserve`.
      learns: whether the first two of its reads, of 8 and of 4 bytes, are a function's address and
        size, so that all `learned` probes stand there from now on.
      forgets: whether these two are of one that is gone, where others may come to lie.
      learned: whether it stands at functions that are learned, and not at `address`.
      hold: whether the guest stops here until the host lets it go on.
      walks: whether it does not stand at `address`, but first where the guest's first code begins
        and then where the host orders (orders.py), in programs as well.
      limit: so many records at most; None for no limit.
      skip: so many times of coming here, it does nothing yet.
      changes: whether [address, end) are no function but the bytes of a number, 8 at most, and it
        stands behind each instruction that has changed it.  Only in a phase: what the number was
        before is known from where a phase began.
      area: the CPU in whose area these lie, at that offset; None for an address.
      marks: whether the first of its reads, of 8 bytes, is the phase that the guest is in from now
        on; with predicates, where one has failed.
      phases: the first and the last phase in which it looks; the guest begins in phase 0.
      blocks: whether it stands at every block of code in [address, end), of the kernel or of
        programs: a record comes of each the first time that it runs, and holds a `records.BLOCK`.
    """

    name: str
    address: int
    end: int
    when: When = When.ENTRY
    reads: tuple[Read, ...] = ()
    period: Period | None = None
    begins: bool = False
    registers: bool = False
    stack: bool = False
    predicates: tuple[int, ...] = ()
    every: bool = False
    yields: bool = False
    learns: bool = False
    forgets: bool = False
    learned: bool = False
    hold: bool = False
    walks: bool = False
    limit: int | None = None
    skip: int = 0
    changes: bool = False
    area: int | None = None
    marks: bool = False
    phases: tuple[int, int] = (0, MOST_PHASE)
    blocks: bool = False

    def __post_init__(self) -> None:
        self._check_place()
        first, last = self.phases
        if not 0 <= first <= last <= MOST_PHASE or not 0 <= self.skip < 1 << 64:
            raise UsageError(
                f"probe {self.name} looks in phases {first} to {last}, after {self.skip} times; "
                f"there are phases 0 to {MOST_PHASE}"
            )
        if self.marks and [each.size * each.times for each in self.reads[:1]] != [8]:
            raise UsageError(f"probe {self.name} tells phases: its first read is of 8 bytes")

    def _check_place(self) -> None:
        if self.blocks and 0 <= self.address < self.end <= 1 << 64 and not self.reads:
            return
        if self.changes:
            self._check_number()
        elif not 1 << 63 <= self.address < self.end <= 1 << 64 or self.area is not None:
            raise UsageError(
                f"probe {self.name} is to stand in [{self.address:#x}, {self.end:#x}), which is no "
                f"part of the kernel"
            )
        if self.begins and self.period is None:
            raise UsageError(f"probe {self.name} begins at no number: its `period` says which")
        if len(self.reads) > MOST_READS:
            raise UsageError(
                f"probe {self.name} has {len(self.reads)} reads, of {MOST_READS} at most"
            )
        if (self.learns or self.forgets) and (
            [each.size for each in self.reads[:2]] != [8, 4]
            or self.learned
            or self.when is When.RETURN
        ):
            raise UsageError(
                f"probe {self.name} learns or forgets functions: it stands at a function's entry, "
                f"and its first two reads are of 8 and of 4 bytes"
            )

    def _check_number(self) -> None:
        least = 1 << 63 if self.area is None else 0
        if not least <= self.address < self.end <= self.address + MOST_NUMBER_BYTES:
            raise UsageError(
                f"probe {self.name} is to stand at the number [{self.address:#x}, {self.end:#x}), "
                f"which is none of the kernel's of {MOST_NUMBER_BYTES} bytes at most"
            )
        others = self.learns or self.forgets or self.learned or self.when is When.RETURN
        if others or not self.phases[0]:
            raise UsageError(
                f"probe {self.name} stands at a number: it has no function, and looks in phases "
                f"from 1 on"
            )


@dataclass(frozen=True)
class KernelFacts:
    """What the plugin must know of the kernel.

    Attributes:
      per_cpu_offset: address of the array __per_cpu_offset.
      cpu_number: offset of the CPU's number, a u32, in the area of a CPU.
      current_task: offset of the pointer to the task that runs, in the area of a CPU.
      task_stack: offset of the pointer to its stack in struct task_struct.
      stack_bytes: size of a task's stack, to which that is aligned (THREAD_SIZE).
      image: the addresses of the kernel's image, which lie together in memory.
      phys_base: address of the variable that says how far that was moved, page_offset: of that
        which says where all memory is mapped; 0 where the kernel has none.
    """

    per_cpu_offset: int
    cpu_number: int
    current_task: int
    task_stack: int
    stack_bytes: int = 1 << 14
    image: range = range(0)
    phys_base: int = 0
    page_offset: int = 0


@dataclass(frozen=True)
class Watch:
    """All that the plugin of one guest is told.

    Attributes:
      cpus: of the guest.
      kernel: what the plugin must know of its kernel.
      probes: where to stand; several may stand at one instruction.
      predicates: programs for tools/qemu/predicate.c, by their numbers.
      failures: records of failures that there are of each predicate, at most.
      most_bytes: of all records; later ones are counted and dropped.
      reserve: bytes of these that probes leave which yield.
      hold_s: host seconds that one hold takes at most. Then the guest goes on, and is held no more.
    """

    cpus: int
    kernel: KernelFacts
    probes: tuple[Probe, ...] = ()
    predicates: tuple[bytes, ...] = ()
    failures: int = 8
    most_bytes: int = 64 << 20
    reserve: int = 0
    hold_s: float = 60.0

    def __post_init__(self) -> None:
        if not 1 <= self.cpus <= MOST_CPUS:
            raise UsageError(f"the plugin watches 1 to {MOST_CPUS} CPUs, not {self.cpus}")
        if len(self.probes) > MOST_PROBES:
            raise UsageError(f"a watch has {len(self.probes)} probes, of {MOST_PROBES} at most")
        if len(self.predicates) > MOST_PREDICATES:
            raise UsageError(
                f"a watch has {len(self.predicates)} predicates, of {MOST_PREDICATES} at most"
            )
        names = [probe.name for probe in self.probes]
        if len(set(names)) != len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise UsageError(f"a watch has more than one probe named {', '.join(twice)}")
        if sum(len(probe.predicates) for probe in self.probes) >= MOST_EVALUATED:
            raise UsageError(f"the probes of a watch evaluate {MOST_EVALUATED} predicates or more")
        for probe in self.probes:
            self._check(probe)

    def _check(self, probe: Probe) -> None:
        if any(not 0 <= each < len(self.predicates) for each in probe.predicates):
            raise UsageError(
                f"probe {probe.name} evaluates predicates {probe.predicates}; the watch has "
                f"{len(self.predicates)}"
            )
        if probe.area is not None and not 0 <= probe.area < self.cpus:
            raise UsageError(
                f"probe {probe.name} stands at a number of CPU {probe.area}; there are {self.cpus}"
            )
        runs = [self.cpus if each.base in (EACH_CPU, POINTED_CPU) else 1 for each in probe.reads]
        size = sum(
            each.size * each.times * count for each, count in zip(probe.reads, runs, strict=True)
        )
        if size > MOST_RECORD_BYTES // 2:
            raise UsageError(
                f"a record of probe {probe.name} may have {MOST_RECORD_BYTES // 2} bytes of reads, "
                f"and has {size}"
            )

    def periods(self) -> tuple[Period, ...]:
        """The different periods of its probes, in their order."""
        return tuple(dict.fromkeys(probe.period for probe in self.probes if probe.period))
