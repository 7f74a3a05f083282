# SPDX-License-Identifier: Apache-2.0
"""Where the files of a target's machine lie on this host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ktstr.machine.boot import schedulers_of
from ktstr.machine.target import Target
from ktstr.model.errors import InfraError


@dataclass(frozen=True)
class DiskPaths:
    """`template` is a qcow2; `key_file` holds its content key."""

    template: Path
    key_file: Path


@dataclass(frozen=True)
class MachineFiles:
    """The real paths of a target's files; what is below the program that found them asks nobody.

    kernel_index: of the kernel's symbols and types; None where guests are saved, not looked into.
    base: layers of every guest's initramfs, in their order, those that a saved one has.  layers:
    what the target's guests have upon these.  disks: in the target's order.  template: directory of
    the saved guest; None where the target has none, or `no_template` says why it is not there.
    """

    qemu: Path
    kernel: Path
    kernel_config: Path
    base: tuple[Path, ...]
    layers: tuple[Path, ...]
    disks: tuple[DiskPaths, ...] = ()
    template: Path | None = None
    no_template: str = ""
    kernel_index: Path | None = None


def machine_files(target: Target, find: Callable[[str], Path]) -> MachineFiles:
    """Finds each of a target's files; `find` gives the real path of one by the target's name of it.

    Raises:
        InfraError: `find` knows none, unless it is the saved guest: tests can do without.
    """
    # the sampler is in all guests, traced or not: they are clones of one
    base = (*target.initramfs, target.sampler)
    template, no_template = _template(target, find)
    return MachineFiles(
        qemu=find(target.qemu),
        kernel=find(target.kernel.image or target.kernel.vmlinux),
        kernel_config=find(target.kernel.config),
        base=tuple(find(name) for name in base),
        layers=tuple(find(name) for name in layer_names(target)),
        disks=tuple(
            DiskPaths(find(disk.template).absolute(), find(disk.key_file)) for disk in target.disks
        ),
        template=template,
        no_template=no_template,
        kernel_index=find(target.kernel.index) if target.kernel.index else None,
    )


def layer_names(target: Target) -> tuple[str, ...]:
    """The target's names of the layers that its guests have upon those of every guest."""
    return (
        *(scheduler.layer for scheduler in schedulers_of(target)),
        *(payload.layer for payload in target.payloads),
        *(worker.layer for worker in target.workers),
        *((target.data.layer,) if target.data is not None else ()),
    )


def _template(target: Target, find: Callable[[str], Path]) -> tuple[Path | None, str]:
    if not target.template:
        return None, ""
    try:
        return find(target.template), ""
    except InfraError as error:
        return None, str(error)
