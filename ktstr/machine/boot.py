# SPDX-License-Identifier: Apache-2.0
"""How a target's guests boot: with which kernel arguments, and in which time."""

from __future__ import annotations

from ktstr.machine.target import SchedulerFiles, Target
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.deadlines import scaled

# What workers' waits for a CPU are read from (/proc/PID/schedstat).
_SCHEDSTATS = "sysctl.kernel.sched_schedstats"
# Seconds to the agent's hello for one vCPU under KVM; `scaled` stretches them.
_BOOT_S = 15.0


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
