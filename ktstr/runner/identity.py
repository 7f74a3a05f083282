# SPDX-License-Identifier: Apache-2.0
"""Names a target's inputs by their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ktstr.machine.prepared.accel import AccelChoice
from ktstr.machine.target import Target
from ktstr.record.identity import FileDigest, Identity, KernelIdentity, SchedulerIdentity
from ktstr.runner.files import RunfilesTree
from ktstr.vm.qemu import QemuTree


def identity_of(
    target: Target, tree: RunfilesTree, qemu: QemuTree, choice: AccelChoice
) -> Identity:
    """The identity that the results of all tests of a target share.

    Raises:
        InfraError: a runfile is missing.
    """

    def digest(name: str) -> FileDigest:
        return FileDigest(name, _sha256(tree.path(name)))

    scheduler = target.scheduler
    return Identity(
        label=target.label,
        bazel=target.bazel,
        kernel=KernelIdentity(
            target.kernel.label, digest(target.kernel.vmlinux), digest(target.kernel.config)
        ),
        scheduler=SchedulerIdentity(scheduler.label, digest(scheduler.layer))
        if scheduler
        else None,
        accel=choice.accel,
        accel_reason=choice.reason,
        seed=target.seed,
        initramfs=tuple(digest(layer) for layer in (*target.initramfs, target.sampler)),
        qemu=FileDigest(f"{target.qemu}/bin/{qemu.program.name}", _sha256(qemu.program)),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
