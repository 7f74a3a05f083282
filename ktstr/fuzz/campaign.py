# SPDX-License-Identifier: Apache-2.0
"""Which trial comes next, and what is learned of those that came back.

Trial number N is made of what the first N - WINDOW have shown, in their order, and of the seed. So
the same trials come of a seed however many are played at once, and wherever a run was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ktstr.fuzz.cause import Standing
from ktstr.fuzz.generate import varied
from ktstr.fuzz.grammar import Grammar
from ktstr.fuzz.ground import Ground
from ktstr.fuzz.journal import Entry
from ktstr.fuzz.trial import Trial
from ktstr.model.seeds import stream

# Trials that may be under way at once.
WINDOW = 16


class Campaign:
    """Of one seed.

    Attributes:
      ground: code that the trials up to `done` have reached.
      done: so many trials, the first ones, have been taken account of.
      parents: numbers and trials that others are made of.
      growth: (trials, host seconds, bytes of code) whenever there was more code.
    """

    def __init__(
        self,
        grammar: Grammar,
        seed: int,
        entries: Mapping[int, Entry],
        kept: Callable[[int], Trial],
    ) -> None:
        """entries: those of earlier runs.  kept: gives a trial of theirs by its number."""
        self.ground, self.done = Ground(), 0
        self.parents: list[Trial] = []
        self.growth: list[tuple[int, float, int]] = []
        self._grammar, self._seed, self._kept = grammar, seed, kept
        self._entries = dict(entries)
        self._ready: dict[int, Trial] = {}
        self._out: dict[int, Trial] = {}
        for number in range(WINDOW):
            self._make(number)

    def next(self) -> tuple[int, Trial] | None:
        """The next trial to play; None: those that are under way must come back first."""
        if not self._ready:
            return None
        number = min(self._ready)
        self._out[number] = self._ready.pop(number)
        return number, self._out[number]

    def came(self, entry: Entry) -> None:
        """A trial has come back."""
        self._entries[entry.number] = entry

    @property
    def early(self) -> tuple[Entry, ...]:
        """Of trials that have come back, and of which no account was taken yet."""
        return tuple(self._entries[number] for number in sorted(self._entries))

    def settle(self) -> Iterator[tuple[Entry, Trial | None]]:
        """Takes account of those whose turn it is; the trial of one that is an alarm is told."""
        while self.done in self._entries:
            entry = self._entries.pop(self.done)
            trial = self._out.pop(entry.number, None)
            gain = self.ground.gain(entry.stretches)
            if gain:
                self.growth.append((entry.number + 1, entry.at_s, self.ground.size))
            alarm = entry.judged.is_alarm
            if trial is None and (gain or alarm):
                trial = self._kept(entry.number)
            if gain and trial is not None and entry.standing is not Standing.FAILED:
                self.parents.append(trial)
            self.done += 1
            self._make(entry.number + WINDOW)
            yield entry, trial if alarm else None

    def _make(self, number: int) -> None:
        if number not in self._entries:
            random = stream(self._seed, f"trial {number}")
            self._ready[number] = varied(self.parents, self._grammar, random)
