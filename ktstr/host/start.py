# SPDX-License-Identifier: Apache-2.0
"""How a test's guest came up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StartKind(StrEnum):
    """How a guest came up."""

    COLD = "cold"
    CLONED = "cloned"


@dataclass(frozen=True)
class StartFacts:
    """How a test's guest came up.

    `template` is the SHA-256 of the saved guest that it was cloned from, empty after a cold boot.
    `reason` says why it booted cold, or how it was cloned; never empty.  `hello_s` is host seconds
    from QEMU's start to the agent's hello, None for a guest that never said it.
    """

    kind: StartKind
    template: str
    reason: str
    hello_s: float | None
