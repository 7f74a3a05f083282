# SPDX-License-Identifier: Apache-2.0
"""A target's machine, made ready on this host for plans to be executed on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ktstr.host.accel import Accel
from ktstr.machine.located import MachineFiles
from ktstr.machine.machine import TargetMachine, machine_of, qemu_of
from ktstr.machine.prepared.accel import AccelChoice
from ktstr.machine.prepared.disks import prepare_disks
from ktstr.machine.prepared.store_use import StoreUse
from ktstr.machine.prepared.templates import Templates
from ktstr.machine.target import Target
from ktstr.vm.kvm.host import host_is_amd
from ktstr.vm.signals import Termination


@dataclass(frozen=True)
class PreparedMachine(TargetMachine):
    """A machine whose guests can be started; leaving the context gives the saved one back.

    templates: what its guests are cloned from.  kernel_index: of its kernel's symbols and types.
    core: whether the memory of a guest that does not come to its end is kept.
    """

    templates: Templates
    kernel_index: Path | None = None
    core: bool = False

    @property
    def accel(self) -> Accel:
        """How its guests' instructions are run."""
        return self.spec.accel

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.templates.close()


def prepare(
    target: Target,
    files: MachineFiles,
    choice: AccelChoice,
    outputs: Path,
    termination: Termination,
    *,
    tests: int = 1,
    use: StoreUse | None = None,
) -> PreparedMachine:
    """The target's machine for `tests` plans; what they share is written below `outputs`.

    `use` is told what is done without the host's store, and why.

    Raises:
        UsageError: QEMU, the kernel or this host's memory cannot hold it, or the kernel has no
            sched_ext and the target a scheduler.
        InfraError: a file is damaged, or the disk is full.
    """
    use = StoreUse() if use is None else use
    machine = target_machine(target, files, choice.accel, outputs / "disks.cpio", use)
    templates = Templates(target, files, machine, outputs, termination, tests, use=use)
    return PreparedMachine(
        machine.spec,
        machine.disks,
        machine.layers,
        machine.oversize,
        templates,
        files.kernel_index,
        target.core,
    )


def target_machine(
    target: Target, files: MachineFiles, accel: Accel, layer: Path, use: StoreUse
) -> TargetMachine:
    """The target's machine under `accel` and its disks; `layer` is for those in guests' memory.

    Raises:
        UsageError: as for `prepare`.
        InfraError: as for `prepare`.
    """
    qemu = qemu_of(files)
    disks = prepare_disks(target, files, qemu, accel, layer, use)
    return machine_of(target, files, qemu, accel, disks, host_is_amd=host_is_amd())
