# SPDX-License-Identifier: Apache-2.0
"""What can happen to a virtual machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ktstr.vm.deadlines import Deadline

# As the reason of Exited.
OUTPUT_LIMIT = "the guest's output grew to all that a run may keep"


@dataclass(frozen=True)
class ConsoleOutput:
    """Bytes of the kernel console; `at_s`, as in all events, is seconds since QEMU's start."""

    data: bytes
    at_s: float


@dataclass(frozen=True)
class FrameOutput:
    """Bytes of the frames port, cut anywhere."""

    data: bytes
    at_s: float


@dataclass(frozen=True)
class MachineEvent:
    """An event of QEMU, e.g. GUEST_PANICKED, RESET, SHUTDOWN."""

    name: str
    data: dict[str, Any]
    at_s: float


@dataclass(frozen=True)
class Expired:
    """A deadline in force is over; it is given once, and stays in force until finished."""

    deadline: Deadline
    at_s: float


@dataclass(frozen=True)
class Interrupted:
    """We were asked to end by a signal."""

    signal_name: str
    at_s: float


@dataclass(frozen=True)
class Exited:
    """QEMU has ended, and every byte that it left has been delivered before.

    status: exit status, negative for the signal that killed it; reason: QEMU's own for a shutdown
    (guest-reset, guest-shutdown, host-qmp-quit, ...), OUTPUT_LIMIT, or empty; log: the end of
    QEMU's own output.
    """

    status: int
    reason: str
    log: str
    at_s: float


Event = ConsoleOutput | FrameOutput | MachineEvent | Expired | Interrupted | Exited
