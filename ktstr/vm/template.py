# SPDX-License-Identifier: Apache-2.0
"""A parked guest as data: what a clone of it is started from, and which machine it is of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ktstr.model.errors import InfraError
from ktstr.vm.machine import MachineSpec


class TemplateError(InfraError):
    """A template cannot be made or used; a test that wanted it boots its guest cold instead."""


@dataclass(frozen=True)
class Template:
    """A guest parked before its test, which any number of clones start from.

    Attributes:
      digest: sha256, in hex, of what was saved.
      machine: `machine_digest` of the machine that was saved.
      state: the device state, a migration stream of QEMU.
      memory: RAM of each node, as a path for QEMU: a file, or /proc/self/fd/N. Nobody writes to
        it, and whoever made the template keeps it for as long as clones are started.
      pages: node and offset of each page of the mailbox, in the mailbox's order.
      console: what the console said until the guest was parked.
    """

    digest: str
    machine: str
    state: Path
    memory: tuple[str, ...]
    pages: tuple[tuple[int, int], ...]
    console: Path


def machine_digest(spec: MachineSpec) -> str:
    """sha256, in hex, over what decides the bytes of a parked guest.

    Files count by their content, not by their paths. The seed counts in virtual time only: it is
    that of a template, whose clones have seeds of their own.

    Raises:
      TemplateError: a file cannot be read.
    """
    raise NotImplementedError
