# SPDX-License-Identifier: Apache-2.0
"""`NAME.shell`: the guest of a target with its console on this terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from ktstr.host.accel import Accel
from ktstr.host.parent import die_with
from ktstr.initramfs import newc
from ktstr.machine.target import Target
from ktstr.model.errors import InfraError
from ktstr.runner.exit_status import ExitStatus
from ktstr.runner.shell.guest import shell_guest
from ktstr.vm.command.machine import MachineSpec, Wiring, command
from ktstr.vm.disk.clones import Cloner


def run_shell(target: Target, temp_dir: Path | None) -> ExitStatus:
    """Boots the target's guest and gives it this terminal, until the shell ends.

    Raises:
        UsageError: the machine cannot be had, e.g. for want of memory.
        InfraError: QEMU does not start.
    """
    with tempfile.TemporaryDirectory(prefix="ktstr-shell-", dir=temp_dir) as folder:
        guest = shell_guest(target, Path(folder))
        print(_banner(target, guest.spec.accel), flush=True)
        return _boot(guest.spec, guest.disks.cloner, Path(folder))


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
