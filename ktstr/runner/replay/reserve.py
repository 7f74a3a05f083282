# SPDX-License-Identifier: Apache-2.0
"""Guests that stand ready at instants of a run, so that going back does not begin at its beginning.

A guest in the middle of its run cannot be saved without changing the run. So more of them are
played, each by a process of its own, forked while no guest runs, and stand where they are until one
is wanted.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from ktstr.introspect.instant.place import Place
from ktstr.introspect.instant.stand import Stand
from ktstr.model.errors import KtstrError
from ktstr.runner.replay.player import Player
from ktstr.runner.replay.ways import Way
from ktstr.vm.signals import Termination

# Guests that stand ready over the whole run, beside one that does near where somebody looks.
STANDING = 5
_NEAR_NS = 20_000_000
# A guest is taken on only from where it stands for sure: code begins some time behind an instant.
_SURE_NS = 2_000_000
_READY = "ready"


@dataclass(frozen=True)
class Task:
    """A guest that stands ready is to go on to a place; `state`: of whoever looks at it there."""

    place: Place
    state: Any


@dataclass(frozen=True)
class Report:
    """Where whoever looked wants to be next, or None for nowhere; `error`: what went wrong."""

    place: Place | None
    state: Any
    error: str = ""


class Successor(Protocol):
    """Who looks in such a process."""

    def take_over(self, state: Any, fd: int) -> None:
        """It looks from now on, with what is known, by that connection."""

    def hand_over(self) -> Any:
        """What it knows at the end."""

    def stood(self, stand: Stand) -> Place | bool:
        """As `Looker` has it."""

    def next(self) -> Place | None:
        """As `Looker` has it."""

    def ended(self, known: Any) -> None:
        """As `Looker` has it."""


@dataclass
class _Process:
    pid: int
    way: Way
    at_ns: int = 0
    is_near: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether its guest stands by now."""
        return self.way.has_more()


class Reserve:
    """The processes; each plays one guest at most. `successor` makes who looks in one."""

    def __init__(self, player: Player, successor: Callable[[Player], Successor]) -> None:
        self._player, self._successor = player, successor
        self._idle: list[_Process] = []
        self._standing: list[_Process] = []
        self._forked = 0
        self._fork()

    def begin(self, begin_ns: int, end_ns: int) -> None:
        """Has guests go to where they stand ready, evenly between two times of the guest's."""
        part = (end_ns - begin_ns) // STANDING
        for number in range(STANDING):
            self._send(begin_ns + number * part - _SURE_NS)

    def take(self, task: Task, fd: int) -> Report | None:
        """Has the nearest guest before a place go on to it; None where there is none before it.

        No guest of this process's own may run. Returns when whoever looks wants to be elsewhere.
        """
        self._fork()
        wanted_ns = task.place.at_ns or 0
        before = [each for each in self._standing if each.at_ns + _SURE_NS <= wanted_ns]
        if not before:
            return None
        nearest = max(before, key=lambda each: (each.is_ready, each.at_ns))
        self._standing.remove(nearest)
        report: Report | None = None
        if self._hear(nearest) == _READY and nearest.way.say(task, fd):
            if not nearest.is_near:
                self._send(nearest.at_ns)
            self._stand_near(wanted_ns - _NEAR_NS)
            report = self._hear(nearest)
        nearest.way.close()
        os.waitpid(nearest.pid, 0)
        return report or Report(None, None, "the process that played the guest has ended")

    def _hear(self, process: _Process) -> Any:
        """What it says next; it is to end, and says so, where this process is to."""
        if not process.way.comes_before(self._player.session.termination):
            os.kill(process.pid, signal.SIGTERM)
        return process.way.hear()[0]

    def close(self) -> None:
        """Ends them all."""
        for each in self._idle:
            each.way.close()  # which ends one that plays nothing yet
        for each in self._idle:
            os.waitpid(each.pid, 0)
        self._end(*self._standing)
        self._idle, self._standing = [], []

    def _stand_near(self, at_ns: int) -> None:
        """Has one guest stand there, and no other near where nobody looks any more."""
        near = [each for each in self._standing if each.is_near]
        if near and near[0].at_ns == at_ns:
            return
        self._end(*near)
        self._standing = [each for each in self._standing if not each.is_near]
        if any(at_ns - _NEAR_NS <= each.at_ns <= at_ns for each in self._standing):
            return
        self._send(at_ns)
        self._standing[-1].is_near = self._standing[-1].at_ns == at_ns

    def _end(self, *processes: _Process) -> None:
        for each in processes:
            each.way.close()
            os.kill(each.pid, signal.SIGTERM)
        for each in processes:
            os.waitpid(each.pid, 0)

    def _send(self, at_ns: int) -> None:
        if self._idle and self._idle[-1].way.say(Place(at_ns=at_ns)):
            process = self._idle.pop()
            process.at_ns = at_ns
            self._standing.append(process)

    def _fork(self) -> None:
        """Makes up for those that were used up, and one more that stands near."""
        sys.stdout.flush()
        sys.stderr.flush()
        while len(self._idle) < STANDING + 1:
            ours, theirs = Way.pair()
            self._forked += 1
            pid = os.fork()
            if not pid:
                ours.close()
                for each in (*self._idle, *self._standing):
                    each.way.close()
                _live(self._player, self._successor, theirs, self._forked)
            theirs.close()
            self._idle.append(_Process(pid, ours))


def _live(
    player: Player, successor: Callable[[Player], Successor], way: Way, number: int
) -> NoReturn:
    """All that such a process does. It leaves nothing of what it shares with ours."""
    # what the other process makes of signals is its own
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)
    try:
        place, _ = way.hear()
        if place is not None:
            with Termination() as termination:
                own = player.apart(f"ready{number}", termination)
                _play(own, place, successor(own), way)
    except BaseException:  # noqa: BLE001 - whatever it is, the other process is not run twice
        traceback.print_exc()
    os._exit(0)


def _play(player: Player, place: Place, successor: Successor, way: Way) -> None:
    stands: list[int] = []

    def stood(stand: Stand) -> Place | bool:
        stands.append(stand.at_ns)
        if len(stands) > 1:
            return successor.stood(stand)
        way.say(_READY)
        task, fd = way.hear()
        if not isinstance(task, Task):
            return False
        successor.take_over(task.state, fd)
        return task.place

    error = ""
    try:
        walked = player.walk(place, stood)
        if walked.reached and not walked.killed:
            successor.ended(walked.known)
        elif not walked.reached:
            error = f"{walked.known.ending} on its way"
    except KtstrError as raised:
        error = str(raised)
    way.say(Report(successor.next(), successor.hand_over(), error))
