# SPDX-License-Identifier: Apache-2.0
"""A test's private clone of a disk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DiskBackend(StrEnum):
    """How a test's private clone of a disk was made."""

    QCOW2_OVERLAY = "qcow2_overlay"
    REFLINK = "reflink"
    READ_ONLY = "read_only"
    GUEST_MEMORY = "guest_memory"


@dataclass(frozen=True)
class DiskClone:
    """A test's clone of one disk: `wall_s` it took to make, `reason` why it was made this way.

    varies: why two runs in virtual time may differ because of it; empty if they may not.
    """

    name: str
    backend: DiskBackend
    reason: str
    wall_s: float
    varies: str = ""
