# SPDX-License-Identifier: Apache-2.0
"""How a test's guest is to come up, and what makes it one of its own."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from ktstr.host.start import StartFacts, StartKind
from ktstr.model.seeds import derived
from ktstr.model.start import ENTROPY_BYTES, GuestStart
from ktstr.vm.saved.template import Template

# 2026-01-01 00:00:00 UTC, where the clock of a machine in virtual time begins, and a year's seconds
_EPOCH_S = 1_767_225_600
_YEAR_S = 365 * 24 * 3600
_NS = 1_000_000_000


@dataclass(frozen=True)
class Start:
    """A cold boot, or a clone of `template` with the layers `brings`, the test's own the last.

    reason: why it is a cold boot, or how it is cloned.
    """

    reason: str
    template: Template | None = None
    brings: tuple[Path, ...] = ()

    def facts(self, hello_s: float | None) -> StartFacts:
        """The record of a guest that started so and said hello after so many host seconds."""
        if self.template is None:
            return StartFacts(StartKind.COLD, "", self.reason, hello_s)
        return StartFacts(StartKind.CLONED, self.template.digest, self.reason, hello_s)


def guest_start(accel_is_virtual: bool, seed: int, test: str) -> GuestStart:
    """What a guest takes on before its test: in virtual time from seed and name, else the host's.

    Two tests of one seed differ in all three.
    """
    if not accel_is_virtual:
        return GuestStart(
            entropy=os.urandom(ENTROPY_BYTES).hex(),
            hostname=_hostname(os.urandom(4)),
            wall_ns=time.time_ns(),
        )
    entropy = hashlib.sha512(f"{seed}:entropy of {test}".encode()).digest()
    name = derived(seed, f"host name of {test}").to_bytes(8)
    after_s = derived(seed, f"wall clock of {test}") % _YEAR_S
    return GuestStart(entropy.hex(), _hostname(name[-4:]), (_EPOCH_S + after_s) * _NS)


def _hostname(distinct: bytes) -> str:
    return f"ktstr-{distinct.hex()}"
