# SPDX-License-Identifier: Apache-2.0
"""Names a target's inputs by their content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from ktstr.host.accel import Accel
from ktstr.machine.located import layer_names
from ktstr.machine.prepared.accel import AccelChoice
from ktstr.machine.target import Target
from ktstr.model.errors import InfraError
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
            FileDigest(target.kernel.vmlinux, _vmlinux_sha256(find(target.kernel.build_info))),
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


def _vmlinux_sha256(build_info: Path) -> str:
    """As the action says that has written vmlinux: it is too large to be read for each target.

    Raises:
        OSError: the file cannot be read.
        InfraError: it does not say.
    """
    try:
        said = json.loads(build_info.read_bytes())["vmlinux_sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise InfraError(
            f"{build_info} does not say vmlinux_sha256, which ktstr's kernel rules write there "
            f"({type(error).__name__}: {error}); build the kernel again"
        ) from error
    return str(said)


def sha256_of(path: Path) -> str:
    """The digest of a file's content, in hex.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
