# SPDX-License-Identifier: Apache-2.0
"""max_gap_ms: no worker that wants the CPU goes without it for long."""

from __future__ import annotations

import dataclasses

from ktstr.judge.checks.measure import Limit, Measurement
from ktstr.judge.workers.presence import when
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import NS_PER_MS, crashed, ordered, worker_name
from ktstr.judge.workers.windows import frozen_ns, gap_window, stranded
from ktstr.model.facts import WorkerFacts
from ktstr.model.verdict.kinds import Kind


def gaps(scope: Scope) -> list[Measurement]:
    """The longest gap of each worker, ms; one that worked and yet was never sampled has none.

    Nor has one that ended by itself: its silence after that is not the scheduler's.  The
    time that a cgroup was frozen is taken off, all of it: nobody knows which gap it is in.  A gap
    in which the last CPU of a worker went is the kernel's, which moves it away.
    """
    return [
        _gap(worker, frozen_ns(worker.cgroup, scope.cgroups), scope)
        for worker in ordered(scope.workers)
    ]


MAX_GAP = Limit("max_gap_ms", Kind.STUCK, "ms", gaps)


def _gap(worker: WorkerFacts, frozen: int, scope: Scope) -> Measurement:
    name, gap_ms = worker_name(worker), max(0, worker.max_gap_ns - frozen) / NS_PER_MS
    if worker.completed and worker.work_units and not worker.samples:
        words = f"{name} ({worker.work_type}) worked but no gap was ever sampled"
        return Measurement(name, None, words)
    if crashed(worker):
        words = (
            f"{name} ({worker.work_type}) ended by itself ({worker.exit_info}): its gaps are lost"
        )
        return Measurement(name, None, words)
    on = f" on CPU {worker.max_gap_cpu}" if worker.work_units and worker.max_gap_cpu >= 0 else ""
    words = f"{name} ({worker.work_type}) was stuck for {gap_ms:.1f} ms{on}"
    if worker.max_gap_at_ns >= worker.started_ns:
        at_ms = (worker.max_gap_at_ns - worker.started_ns) / NS_PER_MS
        words += f", {at_ms:.0f} ms after its start"
    if frozen:
        words += f", the {frozen / NS_PER_MS:.1f} ms taken off that its cgroup was frozen"
    return _with_cpus(worker, scope, Measurement(name, gap_ms, words, pid=worker.pid))


def _with_cpus(worker: WorkerFacts, scope: Scope, gap: Measurement) -> Measurement:
    """The gap, with what became of the CPUs meanwhile."""
    change = scope.presence.around(*gap_window(worker))
    if change is None:
        return gap
    words = f"{gap.words}; {when(change, worker.started_ns)}"
    lost = stranded(worker, scope.machine.cpus, scope.presence)
    excuse = lost and f"{lost}: the kernel moved it"
    return dataclasses.replace(gap, words=words, excuse=excuse)
