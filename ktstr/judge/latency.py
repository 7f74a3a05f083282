# SPDX-License-Identifier: Apache-2.0
"""max_p99_wake_latency_us: woken workers run soon."""

from __future__ import annotations

import functools

from ktstr.judge.subjects import by_cgroup
from ktstr.model.checks import Detail, Kind, Verdict
from ktstr.model.facts import WorkerFacts
from ktstr.model.histogram import Histogram


def pooled(workers: list[WorkerFacts]) -> Histogram:
    """The wake latencies (ns) of all `workers` in one histogram."""
    return functools.reduce(Histogram.merge, (worker.wake for worker in workers), Histogram({}))


def wake_latency(workers: tuple[WorkerFacts, ...], limit_us: float) -> list[Detail]:
    """One FAIL for each cgroup whose pooled 99th percentile is above the limit.

    INCONCLUSIVE for a cgroup with workers that block but no sample, and when nobody ever blocks.
    """
    details = []
    anybody = False
    for cgroup, members in by_cgroup(workers).items():
        if all(worker.cpu_hungry for worker in members):
            continue
        anybody = True
        pool = pooled(members)
        p99 = pool.percentile(0.99)
        if p99 is None:
            message = f"cgroup {cgroup}: no wake-up was measured although its workers block"
            details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE, cgroup))
        elif p99 / 1000 > limit_us:
            message = (
                f"cgroup {cgroup}: p99 wake-to-run latency {p99 / 1000:.1f} us of {pool.count} "
                f"wake-ups, worst {pool.maximum / 1000:.1f} us (limit {limit_us:g} us)"
            )
            details.append(Detail(Kind.WAKE_LATENCY, message, Verdict.FAIL, cgroup))
    if workers and not anybody:
        message = (
            "wake latency is checked but no worker ever blocks: add a work type that sleeps or "
            "waits (Bursty, PipeIo, FutexPingPong, IoSync), or drop the check"
        )
        details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE))
    return details
