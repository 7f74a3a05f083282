# SPDX-License-Identifier: Apache-2.0
"""The guest of `NAME.shell`, for a terminal or for one command."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ktstr.model.accel import Accel
from ktstr.model.plan import Plan
from ktstr.model.target import Target
from ktstr.runner.accel import choose_accel, room_of
from ktstr.runner.arguments import Command
from ktstr.runner.disk_set import TargetDisks
from ktstr.runner.files import RunfilesTree
from ktstr.runner.guest_env import guest_environment
from ktstr.runner.machine import machine_of, qemu_of
from ktstr.runner.planning import shell_plan
from ktstr.runner.starts import guest_start
from ktstr.runner.store_use import StoreUse
from ktstr.runner.target_disks import prepare_disks
from ktstr.runner.test_layer import write_test_layer
from ktstr.vm.host import host_is_amd
from ktstr.vm.machine import MachineSpec
from ktstr.vm.probe import kvm_verdict


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
    qemu = qemu_of(target, tree)
    accel = choose_accel(target.accel, lambda: kvm_verdict(qemu), room_of(target)).accel
    if command is None and accel is Accel.VIRTUAL:
        accel = Accel.TCG
    disks = prepare_disks(target, tree, qemu, accel, folder / "disks.cpio", StoreUse())
    machine = machine_of(target, tree, qemu, accel, disks, host_is_amd=host_is_amd())
    plan = shell_plan(target, disks.disks, guest_environment(target, os.environ), command)
    layer = folder / "shell.cpio"
    write_test_layer(plan, guest_start(accel is Accel.VIRTUAL, target.seed, plan.test), (), layer)
    return ShellGuest(plan, machine.for_test(layer), disks)
