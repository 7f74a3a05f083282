# SPDX-License-Identifier: Apache-2.0
"""Plays trial after trial, keeps what they show, and shrinks one of each first cause."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ktstr.fuzz.campaign import Campaign
from ktstr.fuzz.cause import Standing
from ktstr.fuzz.corpus import About, Alarm, Corpus
from ktstr.fuzz.crew import Crew
from ktstr.fuzz.grammar import Grammar
from ktstr.fuzz.holding import checks_of
from ktstr.fuzz.journal import Entry
from ktstr.fuzz.judged import judged
from ktstr.fuzz.protocol import Play, Played
from ktstr.fuzz.render import test_file
from ktstr.fuzz.shrink import Shrunk, shrunk
from ktstr.fuzz.trial import Trial, ops_count

_WAIT_S = 1.0


@dataclass(frozen=True)
class Wanted:
    """What a run is to do.

    runs: trials at most; None: no bound.  for_s: host seconds after which no further one begins.
    shrinks: runs that shrinking one alarm may take.  at_once: trials that are played side by side.
    """

    runs: int | None
    for_s: float | None
    shrinks: int
    at_once: int


@dataclass
class Tally:
    """What this run has done.

    alarms: those that are new, with the file of each.  causes: how often each first cause came in
    all runs with the corpus; unjudged: why trials could not be judged; lacks: why it is not known,
    or not whole, what code trials of this run reached.
    """

    played: int = 0
    seconds: float = 0.0
    took_s: float = 0.0
    alarms: list[tuple[Alarm, Path]] = field(default_factory=list)
    causes: Counter[str] = field(default_factory=Counter)
    unjudged: Counter[str] = field(default_factory=Counter)
    lacks: Counter[str] = field(default_factory=Counter)
    stopped: bool = False


@dataclass
class Fuzzing:
    """One run with a corpus.

    told: is given lines about what was found.  progress: what goes on, each second.  stopped:
    whether somebody has told us to end.
    """

    corpus: Corpus
    about: About
    campaign: Campaign
    grammar: Grammar
    crew: Crew
    wanted: Wanted
    told: Callable[[str], None]
    progress: Callable[[Tally, Campaign], None]
    stopped: Callable[[], bool]
    before_s: float = 0.0

    def __post_init__(self) -> None:
        self.tally = Tally()
        self._known = self.corpus.alarms()
        self._began = time.monotonic()
        self._alarms: list[tuple[Entry, Trial]] = []

    def run(self) -> Tally:
        """Plays until there is enough, or it is told to stop.

        Raises:
            UsageError, InfraError: the corpus, or a player, is not as it should be.
        """
        self._settle()
        while not self.stopped():
            if self._alarms and self._is_idle():
                self._shrink(*self._alarms.pop(0))
                continue
            self._hand_out()
            if self._is_idle() and not self._alarms:
                break
            for play, answers in self.crew.back(_WAIT_S):
                self._came(play, answers)
            self.progress(self.tally, self.campaign)
        # where it was stopped: those that came before the ones under way
        alarms = (entry for entry in self.campaign.early if entry.judged.is_alarm)
        self.tally.causes.update(entry.key for entry in alarms)
        self.tally.stopped = self.stopped()
        self.tally.took_s = time.monotonic() - self._began
        return self.tally

    def _is_idle(self) -> bool:
        return self.crew.free() == self.wanted.at_once

    def _hand_out(self) -> None:
        while not self._alarms and self.crew.free() and self._may_go_on():
            following = self.campaign.next()
            if following is None:
                return
            number, trial = following
            self.tally.played += 1
            self.crew.send(Play(number, trial, checks_of(trial)))

    def _may_go_on(self) -> bool:
        wanted, took_s = self.wanted, time.monotonic() - self._began
        enough = wanted.runs is not None and self.tally.played >= wanted.runs
        return not enough and (wanted.for_s is None or took_s < wanted.for_s)

    def _came(self, play: Play, answers: tuple[Played, ...]) -> None:
        """Keeps it: the trial first, then its line."""
        found = judged(play.trial, answers, self.about.labels)
        new = self.campaign.ground.beyond((each[0], each[1]) for each in answers[0].ground)
        if answers[0].lacks:
            self.tally.lacks[answers[0].lacks] += 1
        seconds = sum(each.seconds for each in answers)
        self.tally.seconds += seconds
        at_s = self.before_s + time.monotonic() - self._began
        if new or found.is_alarm:
            self.corpus.keep(play.number, play.trial)
        entry = Entry.of(play.number, found, new, seconds, at_s)
        self.corpus.journal.add(entry)
        self.campaign.came(entry)
        self._settle()

    def _settle(self) -> None:
        for entry, trial in self.campaign.settle():
            if entry.standing is Standing.UNJUDGED:
                self.tally.unjudged[entry.key] += 1
            if not entry.judged.is_alarm:
                continue
            self.tally.causes[entry.key] += 1
            is_new = entry.key not in self._known and self.tally.causes[entry.key] == 1
            if trial is not None and is_new:
                self._alarms.append((entry, trial))

    def _shrink(self, entry: Entry, trial: Trial) -> None:
        self.told(f"scenario {entry.number}: {entry.key}; shrinking it from {ops_count(trial)} ops")
        wanted = self.wanted
        numbers = iter(range(1 << 30))

        def fails(trials: Sequence[Trial]) -> list[bool]:
            plays = [Play(next(numbers), each, checks_of(each), covers=False) for each in trials]
            answers = self.crew.all_of(plays)
            if answers is None:
                raise _Stopped
            found = zip(trials, answers, strict=True)
            told = [judged(each, answer, self.about.labels) for each, answer in found]
            return [one.cause is not None and one.cause.key == entry.key for one in told]

        try:
            again = fails([trial])[0]
            small = (
                shrunk(trial, self.grammar, fails, wanted.shrinks, wanted.at_once)
                if again
                else Shrunk(trial, 1, whole=False)
            )
        except _Stopped:
            return  # the next run with this corpus shrinks it
        alarm = Alarm(
            entry.kind,
            entry.key,
            entry.message,
            entry.number,
            ops_count(trial),
            small.tried,
            small.whole,
            small.trial,
            again,
        )
        path = self.corpus.alarm(alarm, self._test(alarm))
        self._known[alarm.key] = alarm
        self.tally.alarms.append((alarm, path))
        ops = ops_count(alarm.trial)
        self.told(f"shrunk to {ops} ops in {alarm.tried} runs: {path}")
        if not again:
            self.told("it did not come again when it was played once more")

    def _test(self, alarm: Alarm) -> str:
        once = "" if alarm.again else "\nIt did not come again when it was played once more.\n"
        words = (
            f"Found by `ktstr fuzz {' --against '.join(self.about.labels)}`, seed "
            f"{self.about.seed}, scenario {alarm.number}.\n\n{alarm.kind}: {alarm.message}\n{once}"
        )
        # no Python file can have some of what a scheduler may say
        words = "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in words)
        quoted = words.replace("\\", "\\\\").replace('"""', "'''")
        return test_file(alarm.trial, checks_of(alarm.trial), quoted)


class _Stopped(Exception):
    """Somebody has told us to end."""
