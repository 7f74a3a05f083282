# SPDX-License-Identifier: Apache-2.0
"""Plays one test of a target, as often as somebody likes: each time it is the same run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ktstr.execute.outcome import Outcome
from ktstr.execute.parts import answering_parts, asked_parts, parts
from ktstr.execute.replay import never_closed_because
from ktstr.introspect.instant.place import Place
from ktstr.introspect.instant.stand import Stand
from ktstr.introspect.instant.walk import Walk
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.part import Part
from ktstr.model.errors import KtstrError, UsageError
from ktstr.runner.cases.case import Case
from ktstr.runner.replay.known import Known
from ktstr.runner.session import Session
from ktstr.vm.signals import Termination


@dataclass(frozen=True)
class Walked:
    """A walk that is over.

    known: what became of the guest.  reached: whether it came to the place.  killed: whether
    whoever looked has ended it; else it went on to its own end.  missed: as a Walk has it.
    """

    known: Known
    reached: bool
    killed: bool
    missed: str = ""

    def without(self, place: Place) -> UsageError:
        """That it ended without coming to a place, and what is known of that."""
        more = f": {self.missed}" if self.missed else ""
        return UsageError(f"{self.known.ending} without coming to {place}{more}")


@dataclass
class Player:
    """One test; `kernel` is its guests', `walking` the latest walk.

    dwarf: the kernel's debug information; None: it was built without.
    """

    session: Session
    case: Case
    kernel: Kernel
    dwarf: Path | None = None
    played: int = 0
    walking: Walk | None = None

    @property
    def title(self) -> str:
        """What is played."""
        return f"{self.session.target.label}::{self.case.name}"

    def check_closed(self) -> None:
        """Raises UsageError where the run takes in more than its plan, so that none is like it."""
        why = never_closed_because(self.session.machine)
        if why:
            raise UsageError(f"{self.case.name} cannot be replayed: {why}")

    def whole(self, *, decisions: bool) -> Known:
        """Plays it to its end; `decisions`: with a trace of all of them."""
        asked = asked_parts(("decisions",)) if decisions else ()
        return Known.of(self._play((*parts(), *asked)))

    def walk(self, place: Place, stood: Callable[[Stand], Place | bool]) -> Walked:
        """Plays it up to a place, where `stood` is called, and on as that says.

        Raises:
          UsageError, InfraError: it cannot be taken there.
        """
        self.walking = walk = Walk(place, stood)
        outcome = self._play((*answering_parts(), walk))
        raised: KtstrError | None = walk.raised
        if raised is not None:
            raise raised
        if walk.problem:
            raise UsageError(f"{self.case.name} cannot be taken to {place}: {walk.problem}")
        return Walked(Known.of(outcome), walk.reached, walk.killed, walk.missed)

    def apart(self, folder: str, termination: Termination) -> Player:
        """The same for a process of its own, with a folder of its own below this one's."""
        outputs = self.session.outputs / folder
        session = replace(self.session, outputs=outputs, termination=termination)
        return replace(self, session=session, played=0, walking=None)

    def _play(self, looks: tuple[Part, ...]) -> Outcome:
        self.played += 1
        outputs = self.session.outputs / str(self.played)
        session = replace(self.session, outputs=outputs, looks=looks)
        (outcome,) = session.run((self.case,), lambda _: None)
        return outcome
