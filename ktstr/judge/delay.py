# SPDX-License-Identifier: Apache-2.0
"""max_run_delay_us: runnable workers do not wait long for a CPU."""

from __future__ import annotations

import functools

from ktstr.judge.measure import Limit, Measurement, Scope
from ktstr.judge.subjects import NS_PER_US, by_cgroup
from ktstr.model.checks import Kind
from ktstr.model.facts import WorkerFacts
from ktstr.model.histogram import Histogram


def pooled_delays(workers: list[WorkerFacts]) -> Histogram:
    """The waits for a CPU (ns) of all `workers`, over all their phases."""
    phases = (phase.run_delay for worker in workers for phase in worker.phases)
    return functools.reduce(Histogram.merge, phases, Histogram({}))


def delays(scope: Scope) -> list[Measurement]:
    """The pooled 99th percentile of each cgroup's waits for a CPU, us."""
    return [_p99(name, members) for name, members in by_cgroup(scope.workers).items()]


MAX_DELAY = Limit("max_run_delay_us", Kind.RUN_DELAY, "us", delays)


def _p99(cgroup: str, members: list[WorkerFacts]) -> Measurement:
    pool = pooled_delays(members)
    p99 = pool.percentile(0.99)
    if p99 is None:
        words = f"cgroup {cgroup}: no wait of its workers for a CPU was measured"
        return Measurement(cgroup, None, words)
    words = (
        f"cgroup {cgroup}: p99 wait for a CPU {p99 / NS_PER_US:.1f} us of {pool.count} waits, "
        f"worst {pool.maximum / NS_PER_US:.1f} us"
    )
    return Measurement(cgroup, p99 / NS_PER_US, words)
