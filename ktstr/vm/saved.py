# SPDX-License-Identifier: Apache-2.0
"""Makes a template: boots a guest until it is parked, and saves it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ktstr.vm.machine import MachineSpec
from ktstr.vm.signals import Termination
from ktstr.vm.template import Template


@dataclass
class SavedTemplate:
    """A template of this process. RAM is in files without a name, gone with `close`.

    template: to be cloned.  memory: their descriptors, one per node.  frames: all that the guest
    said at its frames port, the hello among it, for the caller to check.
    seconds: host time from QEMU's start until it was saved.
    """

    template: Template
    memory: tuple[int, ...]
    frames: bytes
    seconds: float

    def close(self) -> None:
        """Gives the RAM back; state and console stay in the directory."""
        raise NotImplementedError


def save(
    spec: MachineSpec, directory: Path, termination: Termination, boot_s: float
) -> SavedTemplate:
    """Boots `spec` in `directory`, waits until the guest has parked itself, and saves it.

    boot_s: host seconds until the guest must be parked.

    Raises:
      TemplateError: the guest did not get there, or QEMU could not save it; says how it ended.
    """
    raise NotImplementedError
