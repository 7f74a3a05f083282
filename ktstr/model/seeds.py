# SPDX-License-Identifier: Apache-2.0
"""Random streams from a test's seed: one for each purpose, so that none depends on another's draws.

A purpose is a text that says what the stream is for.  The same seed and purpose give the same
stream on every machine and version of Python (a str seed goes through SHA-512, `random.seed`).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random


def stream(seed: int, purpose: str) -> Random:
    """The random numbers of `purpose`."""
    from random import Random  # few tests draw, and every guest would pay for the import

    return Random(f"{seed}:{purpose}")


def derived(seed: int, purpose: str) -> int:
    """A seed of its own for `purpose`: 63 bits, for what is not written in Python."""
    return int.from_bytes(sha256(f"{seed}:{purpose}".encode()).digest()[:8]) >> 1
