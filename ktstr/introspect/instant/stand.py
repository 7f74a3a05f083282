# SPDX-License-Identifier: Apache-2.0
"""A guest that stands: its time, its CPUs, its memory."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.introspect.debugger.snapshots import take_all
from ktstr.introspect.debugger.stacks import Stack, Unwinder
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.memory.paging import PagedMemory
from ktstr.introspect.memory.qemu import memory_of
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.orders import Orders, Told
from ktstr.introspect.postmortem.programs import Programs
from ktstr.introspect.snapshot.space import kernel_memory
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.introspect.snapshot.view import View
from ktstr.introspect.trace.clock import Keeper, Times

# the upper half of the address space
KERNEL_HALF = 1 << 63


@dataclass(frozen=True)
class Stand:
    """One stand of a guest that is walked through; true until it is let go.

    Attributes:
      told: the state of the CPU that runs, `held.cpu`.
      memory: by the kernel's virtual addresses; None while the guest has no kernel yet.
      times: what its clock says at instants of virtual time; without a look there is no kernel yet.
    """

    kernel: Kernel
    held: Held
    orders: Orders
    told: Told
    memory: PagedMemory | None
    times: Times

    @classmethod
    def of(cls, kernel: Kernel, held: Held) -> Stand:
        """What is to be known of where it stands.

        Raises:
          InfraError: QEMU is gone, or its memory cannot be found.
          UnknownName: the kernel has no clock that is known here.
        """
        assert held.orders is not None
        orders, keeper = held.orders, Keeper.of(kernel)
        told, times = orders.tell(held.cpu), Times(keeper)
        memory: PagedMemory | None
        try:
            memory = kernel_memory(kernel, memory_of(held.pid))
            read = keeper.read
            times.add(0, memory.read(read.offsets[0], read.size))
        except MemoryFault:
            memory = None
        return cls(kernel, held, orders, told, memory, times)

    @property
    def at_ns(self) -> int:
        """CLOCK_MONOTONIC of the guest."""
        return self.times.monotonic_ns(self.told.now_ns)

    @property
    def where(self) -> str:
        """What runs next: a function of the kernel, or a program."""
        address = self.told.registers["rip"]
        if address < KERNEL_HALF:
            return f"a program at {address:#x}"
        return self._program(address) or self.kernel.where(address)

    def registers(self, cpu: int) -> dict[str, int]:
        """Of any CPU. Raises InfraError where QEMU is gone."""
        return self.told.registers if cpu == self.held.cpu else self.orders.tell(cpu).registers

    def stack(self, cpu: int) -> Stack:
        """Who called whom on a CPU, as far as its kernel's stack says.

        Raises:
          InfraError: QEMU is gone.
        """
        if self.memory is None:
            return Stack((), "the kernel has no page tables yet")
        unwinder = Unwinder(self.kernel, self.memory, self._program)
        return unwinder.running(self.registers(cpu))

    def snapshot(self, name: str) -> Snapshot | None:
        """The state of its scheduling; None while there is no kernel yet."""
        return None if self.memory is None else take_all(self.kernel, self.memory, name)

    def _program(self, address: int) -> str | None:
        """The BPF program that has this address; None where none has."""
        if self.memory is None:
            return None
        return Programs(View(self.kernel, self.memory)).where(address)
