# SPDX-License-Identifier: Apache-2.0
"""The machine that all tests of a target run on, less the layer that differs between them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from ktstr.host.accel import Accel
from ktstr.machine.boot import kernel_arguments, schedulers_of
from ktstr.machine.located import MachineFiles
from ktstr.machine.memory import needed_mib, shares_memory
from ktstr.machine.target import Target
from ktstr.machine.target_disks import TargetDisks
from ktstr.model.errors import UsageError
from ktstr.vm.command import shape
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.qemu import QemuTree

_NR_CPUS = re.compile(r"^CONFIG_NR_CPUS=(\d+)$", re.MULTILINE)

_SCHED_EXT = re.compile(r"^CONFIG_SCHED_CLASS_EXT=y$", re.MULTILINE)


@dataclass(frozen=True)
class TargetMachine:
    """What `for_test` completes.

    spec: with the layers alone that every guest has.  layers: of the target's, upon these.
    disks: the target's, those of the spec among them.  oversize: why it is larger than the guest
    that the build has saved; empty where it is not.
    """

    spec: MachineSpec
    disks: TargetDisks
    layers: tuple[Path, ...]
    oversize: str

    def brings(self, layer: Path) -> tuple[Path, ...]:
        """What a test with a layer of its own has and a saved guest has not."""
        return (*self.layers, layer)

    def for_test(self, layer: Path) -> MachineSpec:
        """The machine with a test's own layer on top."""
        return replace(self.spec, initramfs=(*self.spec.initramfs, *self.brings(layer)))


def qemu_of(files: MachineFiles) -> QemuTree:
    """The QEMU of a target.

    Raises:
        InfraError: it is incomplete.
    """
    return QemuTree.at(files.qemu)


def machine_of(
    target: Target,
    files: MachineFiles,
    qemu: QemuTree,
    accel: Accel,
    disks: TargetDisks,
    *,
    host_is_amd: bool,
) -> TargetMachine:
    """The target's machine under `accel`, which `disks` were prepared for.

    Raises:
        UsageError: QEMU, the kernel or this machine's memory cannot hold it, or the kernel has no
            sched_ext and the target a scheduler.
    """
    config = files.kernel_config.read_text()
    check_sched_ext(target, config)
    topology = target.machine
    layers = files.layers if disks.layer is None else (*files.layers, disks.layer)
    unpacked = sum(layer.stat().st_size for layer in (*files.base, *layers))
    needed = needed_mib(target, topology, unpacked, disks.memory_mib)
    shaped = accel is Accel.VIRTUAL and shares_memory(topology)
    memory = max(needed, target.shape_mb) if shaped else needed
    shape.check_limits(
        topology,
        memory,
        kernel_cpus=kernel_cpus(config),
        available_mib=shape.available_memory_mib(),
    )
    spec = MachineSpec(
        qemu=qemu,
        kernel=files.kernel,
        initramfs=files.base,
        cmdline=kernel_arguments(target),
        topology=topology,
        memory_mib=memory,
        accel=accel,
        seed=target.seed,
        host_is_amd=host_is_amd,
        disks=disks.specs,
    )
    oversize = ""
    if shaped and memory > target.shape_mb:
        oversize = (
            f"the guest that the build saves for it has {target.shape_mb} MiB of memory, and its "
            f"layers and disks need {needed}; memory_mb = {needed} saves such a one"
        )
    return TargetMachine(spec, disks, layers, oversize)


def check_sched_ext(target: Target, config: str) -> None:
    """Raises UsageError: the target has a scheduler that a kernel with this .config cannot load."""
    schedulers = schedulers_of(target)
    if schedulers and not _SCHED_EXT.search(config):
        raise UsageError(
            f"{target.label}: its scheduler is {schedulers[0].label}, its kernel "
            f"{target.kernel.label}, and the kernel has no CONFIG_SCHED_CLASS_EXT; give it another "
            "kernel, or no scheduler"
        )


def kernel_cpus(config: str) -> int:
    """CPUs that a kernel with this .config can bring up; one where it is not built for SMP."""
    found = _NR_CPUS.search(config)
    return int(found.group(1)) if found else 1
