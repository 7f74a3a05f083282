# SPDX-License-Identifier: Apache-2.0
"""max_gap_ms: no worker that wants the CPU goes without it for long."""

from __future__ import annotations

from ktstr.judge.measure import Limit, Measurement, Scope
from ktstr.judge.subjects import NS_PER_MS, ordered, worker_name
from ktstr.model.checks import Kind
from ktstr.model.facts import WorkerFacts


def gaps(scope: Scope) -> list[Measurement]:
    """The longest gap of each worker, ms; one that worked and yet was never sampled has none."""
    return [_gap(worker) for worker in ordered(scope.workers)]


MAX_GAP = Limit("max_gap_ms", Kind.STUCK, "ms", gaps)


def _gap(worker: WorkerFacts) -> Measurement:
    name, gap_ms = worker_name(worker), worker.max_gap_ns / NS_PER_MS
    if worker.completed and worker.work_units and not worker.samples:
        words = f"{name} ({worker.work_type}) worked but no gap was ever sampled"
        return Measurement(name, None, words)
    on = f" on CPU {worker.max_gap_cpu}" if worker.work_units else ""
    at_ms = (worker.max_gap_at_ns - worker.started_ns) / NS_PER_MS
    words = (
        f"{name} ({worker.work_type}) was stuck for {gap_ms:.1f} ms{on}, "
        f"{at_ms:.0f} ms after its start"
    )
    return Measurement(name, gap_ms, words)
