# SPDX-License-Identifier: Apache-2.0
"""A parked guest as data: what a clone of it is started from, and which machine it is of."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import xxhash

from ktstr.model.errors import InfraError
from ktstr.vm.command import machine
from ktstr.vm.command.machine import MachineSpec, Wiring
from ktstr.vm.qemu import QemuTree

# Of the description below, and of what is saved of a guest.
_VERSION = 2
_READ_SIZE = 1 << 20
# Stands for the paths, which do not count: what is in the files does.
_NOWHERE = Path("/")


class TemplateError(InfraError):
    """A template cannot be made or used; a test that wanted it boots its guest cold instead."""


class GuestRefused(TemplateError):
    """The guest itself did not come as far as to be saved: in virtual time it never will."""


@dataclass(frozen=True)
class Template:
    """A guest parked before its test, which any number of clones start from.

    Attributes:
      digest: sha256, in hex, of what was saved.
      machine: `machine_digest` of the machine that was saved.
      state: the device state, a migration stream of QEMU.
      memory: RAM of each node, as a path for QEMU: a file, or /proc/self/fd/N. Nobody writes to
        it, and whoever made the template keeps it for as long as clones are started.
      console: what the console said until the guest was parked.
    """

    digest: str
    machine: str
    state: Path
    memory: tuple[str, ...]
    console: Path


def machine_digest(spec: MachineSpec) -> str:
    """sha256, in hex, over what decides how a machine comes up until its guest is parked.

    That is the command line, the classes of CPUs, and the bytes of QEMU, firmware, kernel and
    initramfs. Neither paths nor the seed count: a clone starts with its template's random numbers
    and gets its own.

    Raises:
      TemplateError: a file cannot be read.
    """
    qemu = QemuTree(_NOWHERE, spec.qemu.arch)
    same = replace(spec, qemu=qemu, kernel=_NOWHERE, seed=0, disks=(), parks=True)
    wiring = Wiring(initramfs=_NOWHERE, console="null", frames="null")
    try:
        described = {
            "version": _VERSION,
            "command": machine.command(same, wiring),
            # only in the device tree, which no command line has
            "classes": spec.topology.classes,
            "disks": len(spec.disks),
            "qemu": [(name, _content(path)) for name, path in _files(spec.qemu.root)],
            "kernel": _content(spec.kernel),
            "initramfs": [_content(layer) for layer in spec.initramfs],
        }
    except OSError as error:
        raise TemplateError(f"cannot tell which machine this is: {error}") from None
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    found = [Path(folder, name) for folder, _, names in os.walk(root) for name in names]
    return iter(sorted((str(path.relative_to(root)), path) for path in found))


def _content(path: Path) -> str:
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns)


@cache
def _digest(path: Path, size: int, mtime_ns: int) -> str:
    """Not a cryptographic one: some 130 MB are read for each target, and nobody attacks himself."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while data := file.read(_READ_SIZE):
            digest.update(data)
    return digest.hexdigest()
