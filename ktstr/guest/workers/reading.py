# SPDX-License-Identifier: Apache-2.0
"""What running workers have done so far: their shared memory, and what the kernel counted."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ktstr.guest.workers.kernelstat import task_counts

if TYPE_CHECKING:
    from collections.abc import Callable

    from ktstr.guest.workers.group import WorkerGroup
    from ktstr.guest.workers.shared import Slot


@dataclass(frozen=True)
class Counters:
    """One worker until `at_ns`.  tid: the kernel's number of its task, 0 before it ran.

    cpu: where it last read its clock.  max_gap_ns: the longest time between two of its clock
    readings so far; silent_ns: the time since the last one, 0 before the first.  Counts of the
    kernel, as of its last tick, and None where it does not say (any more): cpu_ns, run_delay_ns,
    run_count, migrations.
    """

    index: int
    at_ns: int
    tid: int
    cpu: int
    iterations: int
    work_units: int
    max_gap_ns: int
    silent_ns: int
    cpu_ns: int | None
    run_delay_ns: int | None
    run_count: int | None
    migrations: int | None

    def since(self, before: Counters) -> Counters:
        """What was added since an earlier reading; `at_ns` and `max_gap_ns` stay."""
        return replace(
            self,
            iterations=self.iterations - before.iterations,
            work_units=self.work_units - before.work_units,
            cpu_ns=_added(self.cpu_ns, before.cpu_ns),
            run_delay_ns=_added(self.run_delay_ns, before.run_delay_ns),
            run_count=_added(self.run_count, before.run_count),
            migrations=_added(self.migrations, before.migrations),
        )


@dataclass(frozen=True)
class Reading:
    """All workers of a handle at `at_ns`, in the order of their indices; sums over them."""

    at_ns: int
    workers: tuple[Counters, ...]

    def since(self, before: Reading) -> Reading:
        """What was added since an earlier reading of the same workers."""
        pairs = zip(self.workers, before.workers, strict=True)
        return Reading(self.at_ns, tuple(now.since(then) for now, then in pairs))

    @property
    def iterations(self) -> int:
        """Iterations of all."""
        return sum(each.iterations for each in self.workers)

    @property
    def work_units(self) -> int:
        """Units of work of all."""
        return sum(each.work_units for each in self.workers)

    @property
    def max_gap_ns(self) -> int:
        """The longest gap of any, the silence that still lasts not included."""
        return max((each.max_gap_ns for each in self.workers), default=0)

    @property
    def cpu_ns(self) -> int | None:
        """CPU time of all; None where it is not known of each, as with the next three."""
        return _sum(self.workers, lambda each: each.cpu_ns)

    @property
    def run_delay_ns(self) -> int | None:
        """Waits for a CPU of all."""
        return _sum(self.workers, lambda each: each.run_delay_ns)

    @property
    def run_count(self) -> int | None:
        """Turns on a CPU of all."""
        return _sum(self.workers, lambda each: each.run_count)

    @property
    def migrations(self) -> int | None:
        """Changes of CPU of all."""
        return _sum(self.workers, lambda each: each.migrations)


def read_workers(group: WorkerGroup) -> Reading:
    """What the workers of a group have done so far, each for itself."""
    at_ns = time.monotonic_ns()
    slots = enumerate(group.slots())
    return Reading(at_ns, tuple(_counters(index, slot, at_ns) for index, slot in slots))


def _counters(index: int, slot: Slot, at_ns: int) -> Counters:
    # a task that has not run has no number yet, and none has this one
    cpu_ns, run_delay_ns, run_count, migrations = task_counts(slot.tid)
    return Counters(
        index=index,
        at_ns=at_ns,
        tid=slot.tid,
        cpu=slot.cpu,
        iterations=slot.iterations,
        work_units=slot.work_units,
        max_gap_ns=slot.max_gap_ns,
        silent_ns=max(0, at_ns - slot.beat_ns) if slot.beat_ns else 0,
        cpu_ns=cpu_ns,
        run_delay_ns=run_delay_ns,
        run_count=run_count,
        migrations=migrations,
    )


def _added(now: int | None, then: int | None) -> int | None:
    return None if now is None or then is None else now - then


def _sum(workers: tuple[Counters, ...], of: Callable[[Counters], int | None]) -> int | None:
    values = [of(each) for each in workers]
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
