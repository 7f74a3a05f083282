# SPDX-License-Identifier: Apache-2.0
"""The guest of `NAME.shell`, for a terminal or for one command."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ktstr.execute.layer import write_test_layer
from ktstr.host.accel import Accel
from ktstr.machine.located import machine_files
from ktstr.machine.machine import qemu_of
from ktstr.machine.prepared.accel import choose_accel, room_of
from ktstr.machine.prepared.machine import target_machine
from ktstr.machine.prepared.starts import guest_start
from ktstr.machine.prepared.store_use import StoreUse
from ktstr.machine.target import Target
from ktstr.machine.target_disks import TargetDisks
from ktstr.model.plan import Plan
from ktstr.runner.arguments import Command
from ktstr.runner.cases.planning import shell_plan
from ktstr.runner.files import RunfilesTree
from ktstr.runner.guest_env import guest_environment
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.kvm.probe import kvm_verdict


@dataclass(frozen=True)
class ShellGuest:
    """A guest to boot, and its disks, which are not made yet."""

    plan: Plan
    spec: MachineSpec
    disks: TargetDisks


def shell_guest(target: Target, folder: Path, command: Command | None = None) -> ShellGuest:
    """The target's guest with a terminal, or with `command`; its layers are written to `folder`.

    Virtual time leaps over idleness, which is no good at a prompt: tcg takes its place.

    Raises:
        UsageError: the machine cannot be had, e.g. for want of memory.
        InfraError: a file is missing, or the disk is full.
    """
    tree = RunfilesTree()
    files = machine_files(target, tree.path)
    qemu = qemu_of(files)
    accel = choose_accel(
        target.accel, lambda: kvm_verdict(qemu, tree.probe_guest()), room_of(target)
    ).accel
    if command is None and accel is Accel.VIRTUAL:
        accel = Accel.TCG
    machine = target_machine(target, files, accel, folder / "disks.cpio", StoreUse())
    plan = shell_plan(target, machine.disks.disks, guest_environment(target, os.environ), command)
    layer = folder / "shell.cpio"
    write_test_layer(plan, guest_start(accel is Accel.VIRTUAL, target.seed, plan.test), (), layer)
    return ShellGuest(plan, machine.for_test(layer), machine.disks)
