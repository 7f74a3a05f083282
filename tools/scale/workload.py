# SPDX-License-Identifier: Apache-2.0
"""What a build runs: tasks, what each waits for, and what it moves."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ktstr.model.errors import UsageError


class Kind(StrEnum):
    """What a task is."""

    BUILD = "build"
    TEMPLATE = "template"
    TEST = "test"


@dataclass(frozen=True)
class Task:
    """An action, or a shard of a test.

    Attributes:
      name: its label, with shard and run where there are several.
      kind: what it is.
      seconds: alone on an idle machine.
      cpu: how much of one core it keeps busy meanwhile.
      needs: numbers of the tasks that come before it, all smaller than its own.
      bundles: numbers of the bundles of files that it reads.
      output_bytes: what it sends back.
      memory_mib: the class of memory that it asks a worker for.
      guests: how many it runs whose verdicts count.
    """

    name: str
    kind: Kind
    seconds: float
    cpu: float = 1.0
    needs: tuple[int, ...] = ()
    bundles: tuple[int, ...] = ()
    output_bytes: int = 0
    memory_mib: int = 1024
    guests: int = 0


@dataclass(frozen=True)
class Bundle:
    """Files that the same tasks read, so that a machine has all of them or none.

    `maker` is the number of the task that makes them, -1 where none of the workload does.
    """

    size: int
    maker: int = -1


@dataclass(frozen=True)
class Workload:
    """Tasks, each after all that it needs; `ratios` says what runs of one task took, over their
    median."""

    tasks: tuple[Task, ...]
    bundles: tuple[Bundle, ...] = ()
    ratios: tuple[float, ...] = (1.0,)

    @property
    def guests(self) -> int:
        """Whose verdicts count."""
        return sum(each.guests for each in self.tasks)


def drawn(workload: Workload, tests: int, shapes: int, seed: int) -> Workload:
    """A larger build of the same kind: `tests` tests and, before them, `shapes` saved guests.

    Both are drawn from those that were measured, one as often as another, and tests of one saved
    guest get the copies of it in turns. What one test alone reads, each copy of it has for itself.
    Other actions are there once. With `shapes` 0 saved guests are there already.

    Raises:
      UsageError: there is nothing to draw from.
    """
    of_kind = {
        kind: [i for i, task in enumerate(workload.tasks) if task.kind is kind] for kind in Kind
    }
    for kind, wanted in ((Kind.TEST, tests), (Kind.TEMPLATE, shapes)):
        if wanted and not of_kind[kind]:
            raise UsageError(f"scale: the log has no {kind} that ran, so none can be drawn from it")
    chance = random.Random(seed)
    copies = _Copies(workload)
    for number in of_kind[Kind.BUILD]:
        copies.add(number)
    for number in _even(of_kind[Kind.TEMPLATE], shapes, chance):
        copies.add(number)
    for number in _even(of_kind[Kind.TEST], tests, chance):
        copies.add(number)
    return Workload(tuple(copies.tasks), tuple(copies.bundles), workload.ratios)


def perturbed(workload: Workload, seed: int) -> Workload:
    """The same, each task with a ratio that is drawn from those that were measured."""
    chance = random.Random(seed)
    return replace(
        workload,
        tasks=tuple(
            replace(task, seconds=task.seconds * chance.choice(workload.ratios))
            for task in workload.tasks
        ),
    )


def ratios_of(logs: Sequence[Mapping[str, Sequence[float]]]) -> tuple[float, ...]:
    """What runs of one name took, over their median; of names that ran at least twice.

    How fast a log was as a whole, by what all logs have, is taken out of it first: a machine that
    was busier that day makes no stragglers.
    """
    common = [name for name in logs[0] if all(name in log for log in logs)]
    paces = [sum(statistics.fmean(log[name]) for name in common) or 1.0 for log in logs]
    runs: dict[str, list[float]] = {}
    for log, pace in zip(logs, paces, strict=True):
        for name, seconds in log.items():
            runs.setdefault(name, []).extend(each / pace for each in seconds)
    found = [
        each / middle
        for some in runs.values()
        if len(some) > 1 and (middle := statistics.median(some)) > 0
        for each in some
    ]
    return tuple(sorted(found)) or (1.0,)


def _even(numbers: Sequence[int], count: int, chance: random.Random) -> Iterator[int]:
    """`count` of the numbers: whole rounds of all, each in an order of its own."""
    left: list[int] = []
    for _ in range(count):
        if not left:
            left = chance.sample(numbers, len(numbers))
        yield left.pop()


class _Copies:
    """The tasks of a larger workload, as they come to be."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self._of: dict[int, list[int]] = {}
        self._made: dict[tuple[int, int], int] = {}  # bundle and its maker's copy -> its own copy
        readers: dict[int, int] = {}
        for task in workload.tasks:
            for bundle in task.bundles:
                readers[bundle] = readers.get(bundle, 0) + 1
        self._own = {
            bundle
            for bundle, count in readers.items()
            if count == 1 and workload.bundles[bundle].maker < 0
        }
        self.tasks: list[Task] = []
        self.bundles: list[Bundle] = []

    def add(self, number: int) -> None:
        """Adds a copy of a task, after one copy of each that it needs, if there are any."""
        original = self._workload.tasks[number]
        mine = self._of.setdefault(number, [])
        needs = {
            each: copies[len(mine) % len(copies)]
            for each in original.needs
            if (copies := self._of.get(each))
        }
        suffix = f"#{len(mine) + 1}" if mine else ""
        bundles = tuple(self._bundle(each, needs, len(self.tasks)) for each in original.bundles)
        mine.append(len(self.tasks))
        self.tasks.append(
            replace(
                original,
                name=original.name + suffix,
                needs=tuple(sorted(needs.values())),
                bundles=bundles,
            )
        )

    def _bundle(self, bundle: int, needs: Mapping[int, int], reader: int) -> int:
        """The copy that a reader gets: its maker's, its own, or the one that all have."""
        original = self._workload.bundles[bundle]
        maker = needs.get(original.maker, -1)
        whose = reader if bundle in self._own else maker
        if (bundle, whose) not in self._made:
            self._made[bundle, whose] = len(self.bundles)
            self.bundles.append(Bundle(original.size, maker))
        return self._made[bundle, whose]
