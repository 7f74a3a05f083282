# SPDX-License-Identifier: Apache-2.0
"""Which accelerator a run uses, and why."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ktstr.host.accel import Accel
from ktstr.machine.target import Target
from ktstr.model.errors import UsageError
from ktstr.model.machine.topology import Topology


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


@dataclass(frozen=True)
class Room:
    """The CPUs that a target's topology asks for, and those that this machine lets us use.

    oversized: what the target says to do when these are fewer, `tcg` or `refuse`.
    """

    topology: Topology
    host_cpus: int
    oversized: str

    @property
    def is_short(self) -> bool:
        """Whether vCPUs would have to share CPUs."""
        return self.topology.cpus > self.host_cpus

    @property
    def words(self) -> str:
        """Both numbers."""
        return (
            f"topology {self.topology} has {self.topology.cpus} CPUs, and this machine lets us use "
            f"{self.host_cpus}"
        )


def room_of(target: Target) -> Room:
    """The room that this machine has for a target."""
    return Room(target.machine, len(os.sched_getaffinity(0)), target.oversized)


def choose_accel(asked: str, probe: Callable[[], KvmVerdict], room: Room) -> AccelChoice:
    """Settles `auto` by a probe, which runs only where its answer matters.

    Raises:
        UsageError: kvm is asked for by name and does not work here, or the topology does not fit
            and the target does not want it emulated.
    """
    if room.is_short and room.oversized == "refuse":
        raise UsageError(
            f"{room.words}; the target says oversized = 'refuse'. Run it on a larger machine, or "
            f"say oversized = 'tcg'"
        )
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
    if verdict.usable and room.is_short:
        # The reason names no number of this machine: it is part of what runs have in common.
        return AccelChoice(
            Accel.VIRTUAL,
            "accel = 'auto', and the machine has fewer CPUs than the topology (oversized = 'tcg')",
            f"{verdict.words}; {room.words}",
        )
    if verdict.usable:
        return AccelChoice(Accel.KVM, "accel = 'auto', and a probe has shown KVM", verdict.words)
    return AccelChoice(
        Accel.VIRTUAL, "accel = 'auto', and a probe found KVM not to work", verdict.words
    )
