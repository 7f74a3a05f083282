# SPDX-License-Identifier: Apache-2.0
"""Programs that play trials: one for each machine, as many teams of them as play at once."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Protocol

from ktstr.fuzz.protocol import VERSION, Play, Played, Ready, is_message, line_of, message_of
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.exit_status import describe_code
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind

# Host seconds for a player to make its machine ready, and to end once its input has.
_READY_S, _END_S = 300.0, 20.0
# Host seconds for an answer: a player itself gives a trial up before (ktstr/runner/play/answer.py).
_ANSWER_S = 420.0
_TOLD = 2000


class HasFileno(Protocol):
    """What can be waited for."""

    def fileno(self) -> int:
        """The descriptor that becomes readable."""


@dataclass
class _Player:
    """One program.  told: the end of what it said that is no message."""

    program: str
    process: subprocess.Popen[bytes]
    waiting: bytes = b""
    told: str = ""
    play: Play | None = None
    began: float = 0.0

    @classmethod
    def start(cls, program: str, environ: Mapping[str, str]) -> _Player:
        """Raises InfraError where it cannot be started."""
        try:
            # a session of its own: Ctrl-C is ours to deal with
            process = subprocess.Popen(
                [program, "--play"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(environ),
                start_new_session=True,
            )
        except OSError as error:
            raise InfraError(f"cannot start {program}: {error}") from error
        return cls(program, process)

    @property
    def output(self) -> IO[bytes]:
        """What it says."""
        assert self.process.stdout is not None
        return self.process.stdout

    def send(self, play: Play) -> None:
        """Asks it to play."""
        assert self.process.stdin is not None
        self.play, self.began = play, time.monotonic()
        try:
            self.process.stdin.write(line_of(play).encode())
            self.process.stdin.flush()
        except OSError:
            pass  # it has ended, which its output will say

    def lines(self) -> list[str] | None:
        """Messages that came; None: it has ended."""
        data = os.read(self.output.fileno(), 1 << 20)
        if not data:
            return None
        *whole, self.waiting = (self.waiting + data).split(b"\n")
        found = []
        for line in whole:
            text = line.decode(errors="replace")
            if is_message(text):
                found.append(text)
            else:
                self.told = f"{self.told}\n{text}"[-_TOLD:]
        return found

    @property
    def is_late(self) -> bool:
        """Whether it should have answered by now."""
        return self.play is not None and time.monotonic() - self.began > _ANSWER_S

    def ended(self) -> str:
        """In words, how it ended."""
        try:
            status = describe_code(self.process.wait(_END_S))
        except subprocess.TimeoutExpired:
            status = "its output is closed"
        return f"{self.program} has ended ({status}){': ' * bool(self.told)}{self.told.strip()}"

    def close(self) -> None:
        """Tells it to end, and waits for it."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.close()
        except OSError:
            pass
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            # with all of its session: it can end its guest no more
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.output.close()


@dataclass
class _Team:
    """Players that play the same trials, one on each machine; answers: in their order."""

    players: list[_Player]
    answers: dict[int, Played] = field(default_factory=dict)

    @property
    def is_idle(self) -> bool:
        return all(player.play is None for player in self.players)


class Crew:
    """All teams. Leaving the context ends them.

    programs: the launcher of each machine's target.  stop: becomes readable when all is to end.
    """

    def __init__(
        self,
        programs: Sequence[str],
        teams: int,
        environ: Mapping[str, str],
        stop: HasFileno | None = None,
    ) -> None:
        self._programs, self._environ = programs, dict(environ)
        self._selector = selectors.DefaultSelector()
        self._stop = stop
        if stop is not None:
            self._selector.register(stop, selectors.EVENT_READ, None)
        self._teams = [_Team([]) for _ in range(teams)]
        self.ready: tuple[Ready, ...] = ()
        try:
            for team in self._teams:
                for program in programs:
                    team.players.append(self._started(program))
        except InfraError:
            self.__exit__()
            raise

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for player in self._players():
            # all at once: each has a guest to end
            if player.process.poll() is None:
                player.process.terminate()
        for player in self._players():
            player.close()
        self._selector.close()

    def meet(self) -> tuple[Ready, ...]:
        """Waits until all are ready; what the machines of a team are.

        Raises:
            UsageError: a machine cannot be fuzzed, or is of another version.
            InfraError: one has ended, or does not get ready.
        """
        found: dict[int, Ready] = {}
        ends_at = time.monotonic() + _READY_S
        players = self._players()
        while len(found) < len(players) and not self._stopped(0):
            _in_time(ends_at)
            for player, lines in self._heard(1.0):
                if lines is None:
                    raise UsageError(player.ended())
                for line in lines:
                    found[id(player)] = _checked(message_of(Ready, line))
        first = self._teams[0].players
        self.ready = tuple(found[id(player)] for player in first if id(player) in found)
        return self.ready

    def free(self) -> int:
        """Teams that have nothing to do."""
        return sum(team.is_idle for team in self._teams)

    def send(self, play: Play) -> None:
        """Gives a trial to a team that has nothing to do."""
        team = next(team for team in self._teams if team.is_idle)
        team.answers = {}
        for player in team.players:
            player.send(play)

    def back(self, wait_s: float) -> list[tuple[Play, tuple[Played, ...]]]:
        """Trials that have been played on all machines of a team, within a time.

        A player that ends, or does not answer, is started again, and its trial could not be judged.

        Raises:
            InfraError: it cannot be started again.
            UsageError: it is another machine then.
        """
        done = []
        for player, lines in self._heard_or_late(wait_s):
            play = player.play
            if lines is None:
                late = f"it gave no answer within {_ANSWER_S:g} s"
                why = late if player.is_late else player.ended()
                player = self._again(player)
                answer = _lost(play, why) if play is not None else None
            else:
                answers = [message_of(Played, line) for line in lines if play is not None]
                answer = answers[-1] if answers else None
            if play is None or answer is None:
                continue
            player.play = None
            team = self._team_of(player)
            team.answers[team.players.index(player)] = answer
            if team.is_idle:
                told = tuple(team.answers[at] for at in range(len(team.players)))
                done.append((play, told))
        return done

    def all_of(self, plays: Sequence[Play]) -> list[tuple[Played, ...]] | None:
        """Plays all of them; None: it was told to stop meanwhile."""
        left, found = list(plays), dict[int, tuple[Played, ...]]()
        while len(found) < len(plays):
            while left and self.free():
                self.send(left.pop(0))
            for play, answers in self.back(1.0):
                found[play.number] = answers
            if self._stopped(0):
                return None
        return [found[play.number] for play in plays]

    def _players(self) -> list[_Player]:
        return [player for team in self._teams for player in team.players]

    def _team_of(self, player: _Player) -> _Team:
        return next(each for each in self._teams if player in each.players)

    def _stopped(self, wait_s: float) -> bool:
        if self._stop is None:
            return False
        return any(key.data is None for key, _ in self._selector.select(wait_s))

    def _heard(self, wait_s: float) -> list[tuple[_Player, list[str] | None]]:
        return [
            (key.data, key.data.lines())
            for key, _ in self._selector.select(wait_s)
            if key.data is not None
        ]

    def _heard_or_late(self, wait_s: float) -> list[tuple[_Player, list[str] | None]]:
        """As `_heard`; of a player that does not answer it is as if it had ended."""
        heard = self._heard(wait_s)
        told = [id(player) for player, _ in heard]
        late = [each for each in self._players() if each.is_late and id(each) not in told]
        return heard + [(player, None) for player in late]

    def _started(self, program: str) -> _Player:
        player = _Player.start(program, self._environ)
        self._selector.register(player.output, selectors.EVENT_READ, player)
        return player

    def _again(self, player: _Player) -> _Player:
        """Another one in its place, once that has said what it is."""
        self._selector.unregister(player.output)
        player.close()
        other = self._started(player.program)
        team = self._team_of(player)
        place = team.players.index(player)
        team.players[place] = other
        ends_at = time.monotonic() + _READY_S
        with selectors.DefaultSelector() as alone:
            alone.register(other.output, selectors.EVENT_READ)
            while not self._stopped(0):
                _in_time(ends_at)
                lines = other.lines() if alone.select(1.0) else []
                if lines is None:
                    raise InfraError(f"a player could not be started again: {other.ended()}")
                if lines:
                    self._same(message_of(Ready, lines[0]), place)
                    break
        return other

    def _same(self, ready: Ready, place: int) -> None:
        if self.ready and ready != self.ready[place]:
            raise UsageError(
                f"{ready.label} was built anew while it was fuzzed; start `ktstr fuzz` again, with "
                f"another --corpus where it asks for one"
            )


def _in_time(ends_at: float) -> None:
    if time.monotonic() > ends_at:
        raise InfraError(f"the machines were not ready within {_READY_S:g} s")


def _checked(ready: Ready) -> Ready:
    if ready.version != VERSION:
        raise UsageError(
            f"{ready.label} speaks version {ready.version} of what players say, and this ktstr "
            f"{VERSION}; build both from one checkout"
        )
    return ready


def _lost(play: Play, why: str) -> Played:
    verdict = Verdict.INCONCLUSIVE
    return Played(play.number, verdict, Kind.INFRA, "", f"its player ended: {why}", (), (), (), 0.0)
