# SPDX-License-Identifier: Apache-2.0
"""The monitor where no plugin looks: it listens to the machine, and samples its memory at ticks."""

from __future__ import annotations

from collections.abc import Callable

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.memory.paging import PagedMemory, kernel_tables
from ktstr.introspect.memory.process import ProcessMemory
from ktstr.introspect.memory.qemu import memory_of
from ktstr.introspect.monitor.living import Living
from ktstr.introspect.monitor.sampler import sampler
from ktstr.introspect.monitor.series import How, MonitorSeries
from ktstr.model.errors import InfraError, UsageError
from ktstr.vm.vm import TICK_S, Vm


class LivingMonitor:
    """Listens to machines whose vCPUs are threads of their own.

    kernel: opens the guest's.  why: why the plugin does not look.
    """

    def __init__(self, kernel: Callable[[], Kernel], why: str) -> None:
        self._open, self._why = kernel, why
        self._kernel: Kernel | None = None
        self._physical: ProcessMemory | None = None
        self._living: Living | None = None
        self._problem = ""

    def begin(self, vm: Vm) -> bool:
        """Finds the guest's memory; what keeps it from that is told with the series."""
        if not vm.spec.accel.has_thread_per_vcpu:
            return False
        topology = vm.spec.topology
        try:
            self._kernel, self._physical = self._open(), memory_of(vm.pid)
            taken = sampler(self._kernel, topology.cpus, topology.nodes)
            self._living = Living(self._kernel, taken, self._why)
        except (UsageError, InfraError) as error:
            self._problem = str(error)
            return False
        return True

    def tick(self, at_s: float) -> None:
        """Takes a sample, once the guest's kernel has tables to find its memory by."""
        assert self._living is not None
        memory = self._memory()
        if memory is not None:
            self._living.sample(memory)

    def series(self) -> MonitorSeries:
        """All that was seen."""
        if self._living is None:
            why = f"{self._why}; and its memory cannot be read: {self._problem}"
            return MonitorSeries(How.NOBODY, why if self._problem else self._why)
        return self._living.series(round(TICK_S * 1e9))

    def _memory(self) -> PagedMemory | None:
        """The guest's memory for one sample, in which pages stay where they are."""
        kernel, physical = self._kernel, self._physical
        assert kernel is not None and physical is not None
        optional = {
            name: kernel.symbol(name) if kernel.has_symbol(name) else None
            for name in ("phys_base", "pgdir_shift")
        }
        try:
            tables = kernel_tables(
                physical,
                kernel.symbol("init_top_pgt"),
                optional["phys_base"] or 0,
                None,
                optional["pgdir_shift"],
            )
        except MemoryFault:
            return None
        return PagedMemory(physical, tables, stands=True)
