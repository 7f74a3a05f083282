# SPDX-License-Identifier: Apache-2.0
"""max_run_delay_p99_us: runnable workers do not wait long for a CPU."""

from __future__ import annotations

import functools

from ktstr.judge.checks.measure import Limit, Measurement, p99_of
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import by_cgroup
from ktstr.model.facts import WorkerFacts
from ktstr.model.histogram import Histogram
from ktstr.model.verdict.kinds import Kind


def pooled_delays(workers: list[WorkerFacts]) -> Histogram:
    """The waits for a CPU (ns) of all `workers`, over all their phases."""
    phases = (phase.run_delay for worker in workers for phase in worker.phases)
    return functools.reduce(Histogram.merge, phases, Histogram({}))


def delays(scope: Scope) -> list[Measurement]:
    """The pooled 99th percentile of each cgroup's waits for a CPU, us."""
    none = "no wait of its workers for a CPU was measured"
    return [
        p99_of(name, pooled_delays(members), "p99 wait for a CPU", "waits", none)
        for name, members in by_cgroup(scope.workers).items()
    ]


MAX_DELAY = Limit("max_run_delay_p99_us", Kind.RUN_DELAY, "us", delays)
