# SPDX-License-Identifier: Apache-2.0
"""Plays a run that has ended once more: same plan, same start, and others may look.

In virtual time the plan with its seed is the recording: whoever looks changes nothing, so that what
failed fails again, at the same instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ktstr.execute.budget import UNLIMITED, Budget
from ktstr.execute.durations import LEAST_S
from ktstr.execute.outcome import Outcome
from ktstr.execute.rerun import LIVE_CHANNEL, cut_because, rerun
from ktstr.execute.source import Source
from ktstr.execute.watch import NOBODY, Watch
from ktstr.host.accel import Accel
from ktstr.host.start import StartFacts
from ktstr.introspect.plugin.part import Part
from ktstr.machine.prepared.machine import PreparedMachine
from ktstr.model.errors import UsageError
from ktstr.vm.signals import Termination

# Of the host time that the run itself took, and what is not worth a start.
MOST_TIMES = 1.5
_FRAMES = "frames.bin"
_COMPARED = 1 << 20


@dataclass(frozen=True)
class Replayed:
    """A run that was played again.

    outcome: of the second time; its judgement means nothing where somebody has ended the guest.
    differs: in words, how it is another run than the first as far as it was played; empty: it is
    the same. whole: whether the guest came to its own end. took_s: host seconds.
    """

    outcome: Outcome
    differs: str
    whole: bool
    took_s: float


def open_because(first: Outcome, machine: PreparedMachine) -> str:
    """Why a run cannot be played again as it was, as it took in more than its plan; empty: it can.

    Anybody may ask before anything is started.
    """
    return never_closed_because(machine) or cut_because(first)


def never_closed_because(machine: PreparedMachine) -> str:
    """Why no run on this machine takes in its plan alone; empty where one may."""
    if machine.accel is not Accel.VIRTUAL:
        return f"it ran under {machine.accel}, in the host's time, which no two runs share"
    if machine.spec.control:
        return LIVE_CHANNEL
    if machine.spec.disks:
        names = ", ".join(disk.name for disk in machine.spec.disks)
        return f"QEMU itself served its disks ({names}), at times of the host's choosing"
    return ""


def replay(
    first: Outcome,
    folder: Path,
    machine: PreparedMachine,
    directory: Path,
    termination: Termination,
    *,
    sources: Sequence[Source] = (),
    budget: Budget = UNLIMITED,
    watch: Watch = NOBODY,
    looks: Sequence[Part] | None = None,
) -> Replayed:
    """Plays `first`, whose files are in `folder`, again; the second guest's are in `directory`.

    machine, sources: those of the first time.  looks: who looks at it; left out, all that always
    do. One of them may end the guest once it has seen what it wants.

    Raises:
        UsageError: the run is not closed, or no time is left for it; nothing was started.
    """
    why = open_because(first, machine)
    if why:
        raise UsageError(f"{first.test} cannot be replayed: {why}")
    limit_s = MOST_TIMES * first.wall_s.get("total", 0.0)
    second = rerun(
        first,
        machine,
        directory,
        termination,
        budget.share(max(limit_s, LEAST_S)),
        refusal="cannot be replayed: ",
        watch=watch,
        sources=sources,
        looks=looks,
    )
    again = second.outcome
    whole = again.run.end is not None
    differs = _difference(first, again, folder, directory, whole)
    return Replayed(again, differs, whole, second.took_s)


def _difference(first: Outcome, again: Outcome, folder: Path, directory: Path, whole: bool) -> str:
    """How the second run is another one, in words; empty: it is the same as far as it came."""
    starts = first.run.start, again.run.start
    if _started(starts[0]) != _started(starts[1]):
        was, now = (each.reason if each else "no guest" for each in starts)
        return f"its guest came up otherwise: first {was}; then {now}"
    at = _first_other_byte(folder / _FRAMES, directory / _FRAMES, whole)
    if at is not None:
        return f"its guest said something else, from byte {at} of {_FRAMES} on"
    causes = first.judgement.first_cause, again.judgement.first_cause
    if whole and causes[0] != causes[1]:
        was, now = (each.message if each else "nothing" for each in causes)
        return f"its first cause is another: first {was}; then {now}"
    return ""


def _started(start: StartFacts | None) -> tuple[str, str]:
    return ("", "") if start is None else (start.kind, start.template)


def _first_other_byte(first: Path, again: Path, whole: bool) -> int | None:
    """Where what the guests sent differs; None: the second sent the same, or its beginning."""
    at = 0
    with first.open("rb") as one, again.open("rb") as other:
        while True:
            expected, got = one.read(_COMPARED), other.read(_COMPARED)
            if expected != got:
                same = next(
                    (
                        i
                        for i, pair in enumerate(zip(expected, got, strict=False))
                        if pair[0] != pair[1]
                    ),
                    min(len(expected), len(got)),
                )
                is_beginning = same == len(got) and not whole
                return None if is_beginning else at + same
            if not got:
                return None
            at += len(got)
