# SPDX-License-Identifier: Apache-2.0
"""Which accelerator a run uses, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ktstr.model.accel import Accel
from ktstr.model.errors import UsageError


class KvmVerdict(Protocol):
    """What a probe of KVM found."""

    @property
    def usable(self) -> bool:
        """Whether a guest's kernel-mode code ran to its end."""

    @property
    def words(self) -> str:
        """What was tried and what happened."""


@dataclass(frozen=True)
class AccelChoice:
    """`reason` is the same on machines that answer the probe alike; `probe` is its story here."""

    accel: Accel
    reason: str
    probe: str = ""


def choose_accel(asked: str, probe: Callable[[], KvmVerdict]) -> AccelChoice:
    """Settles `auto` by a probe, which runs only where its answer matters.

    Raises:
        UsageError: kvm is asked for by name and does not work here.
    """
    if asked in (Accel.VIRTUAL, Accel.TCG):
        return AccelChoice(Accel(asked), f"accel = {asked!r} of the target")
    verdict = probe()
    if asked == Accel.KVM:
        if not verdict.usable:
            raise UsageError(
                f"accel 'kvm' is asked for, and KVM does not work here: {verdict.words}; use accel "
                f"'auto' or 'virtual' (--@ktstr//rules:accel=virtual), or a machine with KVM"
            )
        return AccelChoice(Accel.KVM, "accel = 'kvm' of the target", verdict.words)
    if verdict.usable:
        return AccelChoice(Accel.KVM, "accel = 'auto', and a probe has shown KVM", verdict.words)
    return AccelChoice(
        Accel.VIRTUAL, "accel = 'auto', and a probe found KVM not to work", verdict.words
    )
