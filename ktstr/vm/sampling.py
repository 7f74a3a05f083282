# SPDX-License-Identifier: Apache-2.0
"""Listens to a machine, and samples what the host gives its vCPU threads."""

from __future__ import annotations

from ktstr.host.sample import HostSample
from ktstr.vm.vcpus import VcpuClock, threads_of
from ktstr.vm.vm import Vm


class VcpuSampling:
    """Takes `samples` of each vCPU at each tick, where vCPUs are threads of their own."""

    def __init__(self) -> None:
        self.samples: list[HostSample] = []
        self._clock: VcpuClock | None = None

    def begin(self, vm: Vm) -> bool:
        """Finds the threads; nothing is sampled where all vCPUs take turns on one.

        Raises:
            QmpError: QEMU is gone.
        """
        if not vm.spec.accel.has_thread_per_vcpu:
            return False
        self._clock = VcpuClock(vm.pid, threads_of(vm.ask("query-cpus-fast")))
        return True

    def tick(self, at_s: float) -> None:
        """Takes one sample of each."""
        assert self._clock is not None
        self.samples += self._clock.sample(at_s)
