# SPDX-License-Identifier: Apache-2.0
"""The machine that all tests of a target run on, less the layer that differs between them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from ktstr.model.accel import Accel
from ktstr.model.errors import UsageError
from ktstr.model.target import Target
from ktstr.runner.disk_set import TargetDisks
from ktstr.runner.files import FileTree
from ktstr.runner.needs import kernel_arguments, memory_mib, schedulers_of
from ktstr.vm import shape
from ktstr.vm.machine import MachineSpec
from ktstr.vm.qemu import QemuTree

_NR_CPUS = re.compile(r"^CONFIG_NR_CPUS=(\d+)$", re.MULTILINE)

_SCHED_EXT = re.compile(r"^CONFIG_SCHED_CLASS_EXT=y$", re.MULTILINE)


@dataclass(frozen=True)
class TargetMachine:
    """What `for_test` completes.  `disks`: the target's, those of the spec among them."""

    spec: MachineSpec
    disks: TargetDisks

    def for_test(self, layer: Path) -> MachineSpec:
        """The machine with a test's own layer on top."""
        return replace(self.spec, initramfs=(*self.spec.initramfs, layer))


def qemu_of(target: Target, tree: FileTree) -> QemuTree:
    """The QEMU of a target.

    Raises:
        InfraError: it is incomplete.
    """
    return QemuTree.at(tree.path(target.qemu))


def machine_of(
    target: Target,
    tree: FileTree,
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
        InfraError: a file is missing.
    """
    config = tree.path(target.kernel.config).read_text()
    check_sched_ext(target, config)
    topology = target.machine
    layers = [tree.path(name) for name in target.initramfs]
    layers += [tree.path(scheduler.layer) for scheduler in schedulers_of(target)]
    layers += [tree.path(payload.layer) for payload in target.payloads]
    layers += [tree.path(worker.layer) for worker in target.workers]
    # in all guests, traced or not: they are clones of one
    layers.append(tree.path(target.sampler))
    if disks.layer is not None:
        layers.append(disks.layer)
    unpacked = sum(layer.stat().st_size for layer in layers)
    memory = disks.memory_mib + memory_mib(target, topology, unpacked)
    shape.check_limits(
        topology,
        memory,
        kernel_cpus=kernel_cpus(config),
        available_mib=shape.available_memory_mib(),
    )
    spec = MachineSpec(
        qemu=qemu,
        kernel=tree.path(target.kernel.vmlinux),
        initramfs=tuple(layers),
        cmdline=kernel_arguments(target),
        topology=topology,
        memory_mib=memory,
        accel=accel,
        seed=target.seed,
        host_is_amd=host_is_amd,
        disks=disks.specs,
    )
    return TargetMachine(spec, disks)


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
