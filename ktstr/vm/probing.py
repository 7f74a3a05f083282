# SPDX-License-Identifier: Apache-2.0
"""What a machine is told of the plugin that looks into its guest."""

from __future__ import annotations

import mmap
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ktstr.model.errors import InfraError


class PluginError(InfraError):
    """QEMU ended at its start, and says that it was for the plugin that looks into guests."""


class Holds(Protocol):
    """The host's end of a guest that is held.

    Called in the loop that serves the machine: no event is given while a call lasts.
    """

    @property
    def patient(self) -> bool:
        """Whether the machine's deadlines wait while the guest is held."""

    @property
    def theirs(self) -> int:
        """The descriptor of QEMU's end, which QEMU inherits."""

    def begin(self, pid: int) -> None:
        """QEMU runs as that process, and has its end."""

    def fileno(self) -> int:
        """Readable when the guest is held, or QEMU gone; negative when nobody is to look."""

    def serve(self) -> None:
        """Lets the guest go on, when all that was to be done meanwhile is done."""

    def let_go(self) -> None:
        """Lets the guest go on, and holds it no more."""


@dataclass(frozen=True)
class Probing:
    """What the plugin is told (ktstr/introspect/plugin/encode.py), and who holds the guest."""

    watch: bytes
    holds: Holds | None = None

    def serve(self) -> float:
        """Has the guest go on where it is held; seconds by which the machine's deadlines wait."""
        if self.holds is None:
            return 0.0
        began = time.monotonic()
        self.holds.serve()
        return time.monotonic() - began if self.holds.patient else 0.0


def seen(fd: int) -> mmap.mmap | bytes:
    """What the plugin wrote into the memory that it was given; empty where it never did."""
    size = os.fstat(fd).st_size
    return mmap.mmap(fd, size, prot=mmap.PROT_READ) if size else b""


def blamed(log: str, plugin: Path) -> bool:
    """Whether QEMU, which ended at its start, says in its log that it was for that plugin."""
    return str(plugin) in log and "plugin" in log.replace(str(plugin), "")
