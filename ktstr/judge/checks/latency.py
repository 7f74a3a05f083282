# SPDX-License-Identifier: Apache-2.0
"""max_wake_p99_us and max_wake_cv: woken workers run soon, and evenly so."""

from __future__ import annotations

import functools
from collections.abc import Callable

from ktstr.judge.checks.measure import Limit, Measurement, p99_of
from ktstr.judge.numbers.spread import histogram_variation
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import by_cgroup
from ktstr.model.facts import WorkerFacts
from ktstr.model.histogram import Histogram
from ktstr.model.verdict.kinds import Kind

_NOBODY = (
    "wake latency is checked but no worker ever blocks: add a work type that sleeps or "
    "waits (Bursty, PipeIo, FutexPingPong, IoSync), or drop the check"
)


def pooled(workers: list[WorkerFacts]) -> Histogram:
    """The wake latencies (ns) of all `workers` in one histogram."""
    return functools.reduce(Histogram.merge, (worker.wake for worker in workers), Histogram({}))


def wake_p99(scope: Scope) -> list[Measurement]:
    """The pooled 99th percentile of each cgroup with workers that block, us."""
    return _of_cgroups(scope, _p99)


def wake_variation(scope: Scope) -> list[Measurement]:
    """The coefficient of variation of the same latencies."""
    return _of_cgroups(scope, _variation)


MAX_P99 = Limit("max_wake_p99_us", Kind.WAKE_LATENCY, "us", wake_p99, _NOBODY)
MAX_VARIATION = Limit("max_wake_cv", Kind.WAKE_LATENCY_CV, "", wake_variation, _NOBODY)


def _of_cgroups(
    scope: Scope, measure: Callable[[str, Histogram], Measurement]
) -> list[Measurement]:
    return [
        measure(cgroup, pooled(members))
        for cgroup, members in by_cgroup(scope.workers).items()
        if not all(worker.cpu_hungry for worker in members)
    ]


def _p99(cgroup: str, pool: Histogram) -> Measurement:
    none = "no wake-up was measured although its workers block"
    return p99_of(cgroup, pool, "p99 wake-to-run latency", "wake-ups", none)


def _variation(cgroup: str, pool: Histogram) -> Measurement:
    cv = histogram_variation(pool)
    if cv is None:
        words = (
            f"cgroup {cgroup}: {pool.count} wake-ups were measured, too few to say how they vary"
        )
        return Measurement(cgroup, None, words)
    words = f"cgroup {cgroup}: wake-to-run latencies of {pool.count} wake-ups vary with CV {cv:.3f}"
    return Measurement(cgroup, cv, words)
