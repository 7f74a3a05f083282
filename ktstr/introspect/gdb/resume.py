# SPDX-License-Identifier: Apache-2.0
"""What is to become of a guest that stands, as gdb's packets say it."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.introspect.plugin.watch import MOST_CPUS


@dataclass(frozen=True)
class Resume:
    """It goes on; with `step` a CPU until its next instruction, and `back` to the one before."""

    step: int | None = None
    back: bool = False


@dataclass(frozen=True)
class End:
    """It ends; `reply` is what gdb hears first."""

    reply: str = ""


def resume_of(packet: str, chosen: int) -> Resume | End | None:
    """What a packet asks for; None for one that asks for nothing of that kind.

    chosen: the CPU that a packet without a thread is about.
    """
    if packet == "D" or packet.startswith("D;"):
        return End("OK")
    if packet == "k" or packet.startswith("vKill"):
        return End("OK" if packet != "k" else "")
    if packet[:1] in ("c", "C") or packet[:1] in ("s", "S"):
        return Resume(chosen if packet[0] in "sS" else None)
    if packet == "bs":
        return Resume(chosen, back=True)
    if packet.startswith("vCont;"):
        for action in packet.split(";")[1:]:
            what, _, thread = action.partition(":")
            if what[:1] in ("s", "S"):
                cpu = cpu_of(thread)
                return Resume(chosen if cpu is None else cpu)
        return Resume()
    return None


def cpu_of(thread: str) -> int | None:
    """A CPU by gdb's number of a thread, from 1; None for any of them, and for what is none."""
    try:
        number = int(thread, 16)
    except ValueError:
        return None
    return number - 1 if 0 < number <= MOST_CPUS else None
