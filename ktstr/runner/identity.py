# SPDX-License-Identifier: Apache-2.0
"""Names a target's inputs by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from ktstr.host.accel import Accel
from ktstr.machine.located import layer_names
from ktstr.machine.prepared.accel import AccelChoice
from ktstr.machine.target import Target
from ktstr.record.identity import FileDigest, Identity, KernelIdentity, SchedulerIdentity
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.saved.template import machine_digest


def identity_of(
    target: Target, find: Callable[[str], Path], spec: MachineSpec, choice: AccelChoice
) -> Identity:
    """The identity that the results of all tests of a target share; `spec` is its machine.

    `find` gives the real path of a file by the target's name of it.

    Raises:
        InfraError: `find` knows none, or a file of the machine is missing.
    """

    def digest(name: str) -> FileDigest:
        return FileDigest(name, sha256_of(find(name)))

    scheduler, program = target.scheduler, spec.qemu.program
    keys = (disk.key_file for disk in target.disks)
    return Identity(
        label=target.label,
        bazel=target.bazel,
        kernel=KernelIdentity(
            target.kernel.label,
            digest(target.kernel.vmlinux),
            digest(target.kernel.config),
            tuple(digest(patch) for patch in target.kernel.patches),
        ),
        scheduler=SchedulerIdentity(scheduler.label, digest(scheduler.layer))
        if scheduler
        else None,
        accel=choice.accel,
        accel_reason=choice.reason,
        seed=target.seed,
        initramfs=tuple(digest(layer) for layer in (*target.initramfs, target.sampler)),
        qemu=FileDigest(f"{target.qemu}/bin/{program.name}", sha256_of(program)),
        brought=tuple(digest(name) for name in (*layer_names(target), *keys)),
        machine=machine_digest(spec) if choice.accel is Accel.VIRTUAL else "",
    )


def sha256_of(path: Path) -> str:
    """The digest of a file's content, in hex.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
