# SPDX-License-Identifier: Apache-2.0
"""`NAME.shell`: the guest of a target with its console on this terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from ktstr.model.accel import Accel
from ktstr.model.errors import InfraError
from ktstr.model.target import Target
from ktstr.runner.accel import choose_accel, room_of
from ktstr.runner.files import RunfilesTree
from ktstr.runner.guest_env import guest_environment
from ktstr.runner.machine import machine_of, qemu_of
from ktstr.runner.outcome import ExitStatus
from ktstr.runner.planning import shell_plan
from ktstr.runner.starts import guest_start
from ktstr.runner.store_use import StoreUse
from ktstr.runner.target_disks import prepare_disks
from ktstr.runner.test_layer import write_test_layer
from ktstr.vm.clones import Cloner
from ktstr.vm.host import host_is_amd
from ktstr.vm.machine import MachineSpec, Wiring, command
from ktstr.vm.probe import kvm_verdict
from ktstr.vm.process import die_with
from tools.initramfs import newc


def run_shell(target: Target, temp_dir: Path | None) -> ExitStatus:
    """Boots the target's guest and gives it this terminal, until the shell ends.

    Virtual time leaps over idleness, which is no good at a prompt: tcg takes its place.

    Raises:
        UsageError: the machine cannot be had, e.g. for want of memory.
        InfraError: QEMU does not start.
    """
    tree = RunfilesTree()
    qemu = qemu_of(target, tree)
    asked = Accel.TCG if target.accel == Accel.VIRTUAL else target.accel
    chosen = choose_accel(asked, lambda: kvm_verdict(qemu), room_of(target)).accel
    accel = Accel.TCG if chosen is Accel.VIRTUAL else chosen
    with tempfile.TemporaryDirectory(prefix="ktstr-shell-", dir=temp_dir) as folder:
        disks = prepare_disks(target, tree, qemu, accel, Path(folder, "disks.cpio"), StoreUse())
        machine = machine_of(target, tree, qemu, accel, disks, host_is_amd=host_is_amd())
        layer = Path(folder, "shell.cpio")
        plan = shell_plan(target, disks.disks, guest_environment(target, os.environ))
        own = guest_start(False, target.seed, plan.test)
        write_test_layer(plan, own, (), layer)
        print(_banner(target, accel), flush=True)
        return _boot(machine.for_test(layer), disks.cloner, Path(folder))


def _banner(target: Target, accel: Accel) -> str:
    scheduler = target.scheduler.label if target.scheduler else "EEVDF"
    return (
        f"{target.label}: {target.topology}, {target.kernel.label}, {scheduler}, {accel}. "
        f"`exit` ends the guest; Ctrl-A X ends QEMU."
    )


def _boot(spec: MachineSpec, cloner: Cloner, folder: Path) -> ExitStatus:
    initramfs = folder / "initramfs.cpio"
    with initramfs.open("wb") as file:
        newc.concatenate(spec.initramfs, file)
    clones = [cloner.clone(disk, folder) for disk in spec.disks]
    wiring = Wiring(
        initramfs=initramfs,
        console="stdio,mux=on,signal=off",
        frames="null",
        images=tuple(clone.image for clone in clones),
    )
    words = command(replace(spec, control=False), wiring)
    parent = os.getpid()
    try:
        status = subprocess.call(
            words,
            stdin=sys.stdin,
            pass_fds=[clone.fd for clone in clones if clone.fd is not None],
            preexec_fn=lambda: die_with(parent),
        )
    except OSError as error:
        raise InfraError(f"cannot start {words[0]}: {error}") from error
    finally:
        for clone in clones:
            if clone.fd is not None:
                os.close(clone.fd)
    if status != 0:
        raise InfraError(f"QEMU ended with status {status}; its message is above")
    return ExitStatus.OK
