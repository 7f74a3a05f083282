# SPDX-License-Identifier: Apache-2.0
"""Keeps account of the CPUs that a scenario takes away and brings back: a part of the ledger."""

from __future__ import annotations

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.scenario.scenario import CpuOp, OfflineCpu

# Never offline on x86 (arch_cpu_is_hotpluggable(), Linux 6.5 and later); on arm64 it could be, and
# is refused there, too, so that a scenario plays on both.
BOOT_CPU = 0


class CpuLedger:
    """Which of the CPUs of a machine are there at a point of a scenario.

    `offline` are those that were gone before it began.  All methods raise UsageError.
    """

    def __init__(self, cpus: frozenset[int], offline: frozenset[int] = frozenset()) -> None:
        self._cpus = cpus
        self._gone = offline & cpus
        # taken by the step, whose end brings them back
        self._briefly: frozenset[int] = frozenset()

    @property
    def online(self) -> frozenset[int]:
        """The CPUs that are there."""
        return self._cpus - self._gone

    def apply(self, op: CpuOp, *, lasting: bool) -> None:
        """Enters an op of a step or (lasting) of the Backdrop."""
        cpu = op.cpu
        # an equal of another type would name another file in sysfs
        if type(cpu) is not int:
            raise UsageError(f"CPU {cpu!r} is no number of a CPU, as OfflineCpu(1) has one")
        if cpu not in self._cpus:
            raise UsageError(
                f"CPU {cpu} does not exist; the machine has {format_cpulist(self._cpus)}"
            )
        if not isinstance(op, OfflineCpu):
            if cpu not in self._gone:
                raise UsageError(f"CPU {cpu} is online at this point")
            self._gone, self._briefly = self._gone - {cpu}, self._briefly - {cpu}
            return
        if cpu in self._gone:
            raise UsageError(f"CPU {cpu} is offline already at this point")
        if self.online == {cpu}:
            raise UsageError(f"CPU {cpu} is the last one that is online at this point")
        if cpu == BOOT_CPU:
            raise UsageError(
                f"CPU {cpu} is the one that machines boot on, which kernels of x86 never take "
                f"offline, and scenarios of no architecture; take another"
            )
        self._gone |= {cpu}
        if not lasting:
            self._briefly |= {cpu}

    def end_step(self) -> None:
        """Brings back what the step took."""
        self._gone, self._briefly = self._gone - self._briefly, frozenset()

    def check_some_online(self, cpus: frozenset[int]) -> None:
        """Refuses a cpuset of which no CPU is there: the kernel would quietly give others."""
        if cpus and not cpus & self.online:
            raise UsageError(
                f"none of its CPUs {format_cpulist(cpus)} is online at this point; online are "
                f"{format_cpulist(self.online)}"
            )
