# SPDX-License-Identifier: Apache-2.0
"""What the guests of a target need of their machine, before anything is known of its tests."""

from __future__ import annotations

from ktstr.model.target import SchedulerFiles, Target
from ktstr.model.topology import Topology
from ktstr.vm.deadlines import scaled
from ktstr.vm.machine import MachineSpec

# Spec 1.7: what a guest needs for each CPU and at least, MiB.
_PER_CPU_MIB = 64
_LEAST_MIB = 256
# The initramfs is there twice while the kernel unpacks it, as pages of the image and as files.
_INITRAMFS_COPIES = 2
# What is left for kernel, agent and workers besides.
_WORKLOAD_MIB = 160
# What workers' waits for a CPU are read from (/proc/PID/schedstat).
_SCHEDSTATS = "sysctl.kernel.sched_schedstats"
# Seconds to the agent's hello for one vCPU under KVM; `scaled` stretches them.
_BOOT_S = 15.0


def memory_mib(target: Target, topology: Topology, initramfs_bytes: int) -> int:
    """Memory of the guest: what was asked for, or what CPUs and initramfs need if that is more."""
    unpacked = _INITRAMFS_COPIES * -(-initramfs_bytes >> 20) + _WORKLOAD_MIB
    return max(topology.cpus * _PER_CPU_MIB, _LEAST_MIB, unpacked, target.memory_mb)


def kernel_arguments(target: Target) -> tuple[str, ...]:
    """Kernel arguments beyond those of every machine: ours, the schedulers' and the target's."""
    wanted = wanted_arguments(target)
    if any(karg.startswith(f"{_SCHEDSTATS}=") for karg in wanted):
        return wanted
    return (f"{_SCHEDSTATS}=1", *wanted)


def wanted_arguments(target: Target) -> tuple[str, ...]:
    """Kernel arguments that the author asks for: schedulers' and target's, sysctls as such."""
    schedulers = schedulers_of(target)
    sysctls: dict[str, str] = {}
    for scheduler in schedulers:
        sysctls |= scheduler.sysctls
    settings = tuple(f"sysctl.{key}={value}" for key, value in sorted(sysctls.items()))
    kargs = [karg for scheduler in schedulers for karg in scheduler.kargs]
    return (*settings, *dict.fromkeys(kargs), *target.kargs)


def schedulers_of(target: Target) -> tuple[SchedulerFiles, ...]:
    """The target's own scheduler, if it has one, and the staged ones."""
    own = (target.scheduler,) if target.scheduler is not None else ()
    return (*own, *target.staged)


def boot_limit_s(spec: MachineSpec) -> float:
    """Host seconds that a guest may take to its agent's hello."""
    return scaled(_BOOT_S, spec.accel, spec.topology.cpus)
