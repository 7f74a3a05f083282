# SPDX-License-Identifier: Apache-2.0
"""gdb on a guest that stands: where it goes on to, and back to."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from ktstr.introspect.gdb.monitor import Monitor
from ktstr.introspect.gdb.points import Points
from ktstr.introspect.gdb.resume import End, Resume
from ktstr.introspect.gdb.server import Server
from ktstr.introspect.gdb.session import Session, stepped
from ktstr.introspect.instant.place import Place
from ktstr.introspect.instant.stand import Stand
from ktstr.introspect.plugin.orders import Word
from ktstr.model.errors import InfraError, UsageError
from ktstr.runner.replay.arguments import Of, Replay, When, instant
from ktstr.runner.replay.known import Known
from ktstr.runner.replay.looker import where
from ktstr.runner.replay.player import Player
from ktstr.runner.replay.reserve import Reserve, Task

# A guest that goes on stands so often, in virtual time, that gdb may interrupt it: nothing of the
# run is different for it.
_SLICE_NS = 50_000_000
# of an instruction, in virtual time (icount of 8 ns)
_INSTRUCTION_NS = 8


@dataclass(frozen=True)
class _State:
    """What a debugger knows, when another process goes on with it."""

    points: Points
    acknowledges: bool
    resume: Resume


class Debugger:
    """Waits for gdb where the guest stands, and takes it on from there as gdb says."""

    def __init__(self, wanted: Replay, player: Player, known: Known) -> None:
        """Raises InfraError where the port is taken."""
        self._player, self._known = player, known
        self._server = Server(wanted.port, player.session.termination)
        monitor = Monitor(lambda stand: where(stand, known), self._goto, self._back)
        self._session = Session(monitor, wanted.write, _say)
        self._resume = Resume()
        self._next: Place | None = None
        self._is_going = False
        self._is_told = True
        self._reserve: Reserve | None = None

    def __enter__(self) -> Self:
        self._reserve = Reserve(self._player, self._successor)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._reserve is not None:
            self._reserve.close()
        self._server.close()

    def first(self, place: Place) -> Place:
        """A place that somebody asks for, as the place to begin at.

        A call is come to by blocks of code, and told by its time then, as whoever steps has to look
        closely some time before. Raises UsageError where the guest never comes there.
        """
        if not place.function and not place.address:
            return replace(place, closely=True)
        found: list[Place] = []

        def stood(stand: Stand) -> bool:
            at_ns, now_ns = stand.at_ns, stand.told.now_ns
            found.append(Place(at_ns=at_ns, now_ns=now_ns, exact=True, closely=True))
            return False

        walked = self._player.walk(place, stood)
        if not found:
            raise walked.without(place)
        return found[0]

    def stood(self, stand: Stand) -> Place | bool:
        """Serves gdb until the guest is to go on, here or elsewhere."""
        self._session.begin(stand)
        self._next, step = None, self._resume.step
        if not self._server.connected:
            self._wait(stand)
        elif not self._is_going and step is not None:
            # gdb had a CPU step over its breakpoint, and wants to hear of that one first
            self._server.send(stepped(step))
            self._is_told = self._resume.back
        elif self._is_going and stand.told.why is Word.UNTIL:
            if not self._server.interrupted():
                return self._go(stand)
            self._server.send(self._session.why(interrupted=True))
        else:
            self._server.send(self._session.why())
        self._is_going = False
        return self._serve(stand)

    def next(self) -> Place | None:
        """Where gdb wants it to stand next, after all that guests in reserve could do for it."""
        while self._next is not None and self._reserve is not None:
            task = Task(self._next, self.hand_over())
            report = self._reserve.take(task, self._server.descriptor)
            if report is None:
                break
            if report.error:
                raise InfraError(f"gdb's guest cannot be gone on with: {report.error}")
            self._restore(report.state)
            self._next = report.place
        return self._next

    def ended(self, known: Known) -> None:
        """Tells gdb that there is nothing any more."""
        print(known.ending, flush=True)
        self._server.send("W00")
        self._next = None

    def take_over(self, state: _State, fd: int) -> None:
        """Goes on with what another process knew."""
        self._server.adopt(fd)
        self._restore(state)

    def hand_over(self) -> _State:
        """What it knows."""
        return _State(self._session.points, self._session.acknowledges, self._resume)

    def _restore(self, state: _State) -> None:
        self._session.points, self._resume = state.points, state.resume
        self._session.acknowledges = self._server.acknowledges = state.acknowledges

    def _successor(self, player: Player) -> Debugger:
        """Itself, in a process of its own that plays its guest."""
        self._player, self._reserve = player, None
        self._server.ends = player.session.termination
        return self

    def _wait(self, stand: Stand) -> None:
        print(where(stand, self._known), flush=True)
        vmlinux, dwarf = self._player.session.machine.spec.kernel, self._player.dwarf
        files = f"-e {vmlinux} -s {dwarf}" if dwarf else f"{vmlinux}"
        print(
            f"gdb {files} "
            f"-ex 'target remote 127.0.0.1:{self._server.port}'  # `monitor help` says more",
            flush=True,
        )
        self._server.accept()
        begin_ns, end_ns = self._known.begin_ns, self._known.end_ns
        if self._reserve is not None and begin_ns is not None and end_ns is not None:
            self._reserve.begin(begin_ns, end_ns)

    def _serve(self, stand: Stand) -> Place | bool:
        while (packet := self._server.packet()) is not None:
            reply = self._session.answer(packet)
            if isinstance(reply, Resume):
                if not self._is_told and self._next is None and not reply.back:
                    self._is_told = True
                    self._server.send(self._session.why())
                    continue
                return self._resumed(reply, stand)
            if isinstance(reply, End):
                self._server.send(reply.reply)
                break
            self._server.send(reply)
            self._server.acknowledges = self._session.acknowledges
        self._server.close()
        self._next = None
        return False

    def _resumed(self, resume: Resume, stand: Stand) -> Place | bool:
        self._resume, self._is_told = resume, True
        if resume.back:
            if stand.at_ns - _INSTRUCTION_NS < self._begins_ns:
                self._server.send(f"T05replaylog:begin;thread:{stand.held.cpu + 1:x};")
                return self._serve(stand)
            self._next = Place(
                at_ns=stand.at_ns - _INSTRUCTION_NS,
                now_ns=stand.told.now_ns - _INSTRUCTION_NS,
                exact=True,
                closely=True,
                words="the instruction before",
            )
        place = self._next
        if place is not None:
            return place if place.at_ns is not None and place.at_ns > stand.at_ns else False
        self._session.points.order(stand.orders)
        return self._go(stand)

    def _go(self, stand: Stand) -> bool:
        self._is_going = True
        stand.orders.until(stand.told.now_ns + _SLICE_NS)
        if self._resume.step is not None:
            stand.orders.step(self._resume.step)
        return True

    @property
    def _begins_ns(self) -> int:
        """Where the run first stands, on the guest's clock; 0 where there is none yet."""
        walk = self._player.walking
        return (walk.begins_ns if walk is not None else None) or 0

    def _goto(self, text: str) -> str:
        try:
            when = instant(text)
        except argparse.ArgumentTypeError as error:
            raise UsageError(str(error)) from None
        if when.of is Of.EVENT:
            raise UsageError("an event is gone to by `--at event:N` alone, as it needs a trace")
        return self._at(self._known.instant_ns(when))

    def _back(self, text: str, stand: Stand) -> str:
        try:
            when = instant(text)
        except argparse.ArgumentTypeError as error:
            raise UsageError(str(error)) from None
        return self._at(self._known.instant_ns(When(Of.GUEST, stand.at_ns - when.count, text)))

    def _at(self, at_ns: int) -> str:
        begins_ns = self._begins_ns
        if at_ns < begins_ns:
            begin, asked = self._known.on_line(begins_ns), self._known.on_line(at_ns)
            raise UsageError(f"{asked} is before all that is run anew, which begins at {begin}")
        self._next = Place(at_ns=at_ns, closely=True)
        return f"`continue` goes to {self._known.on_line(at_ns)}"


def _say(text: str) -> None:
    print(text, flush=True)
