# SPDX-License-Identifier: Apache-2.0
"""The figures of legs (`ktstr.model.verdict.figures`): one number for the workers of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ktstr.judge.checks.latency import pooled
from ktstr.judge.checks.migration import migrations
from ktstr.judge.workers.subjects import MIN_WINDOW_NS, NS_PER_MS, NS_PER_S, wall_ns
from ktstr.model.facts import WorkerFacts

_NS_PER_US = 1000


def value_of(measure: str, workers: Sequence[WorkerFacts]) -> float | None:
    """What `measure` comes to; None where it was not measured, or too briefly."""
    if not workers or any(wall_ns(worker) < MIN_WINDOW_NS for worker in workers):
        return None
    if any(not worker.completed for worker in workers):
        return None  # of one that was lost the rest is not known
    return VALUES[measure](workers)


def _rate(count: Callable[[WorkerFacts], int], workers: Sequence[WorkerFacts]) -> float:
    return sum(count(worker) * NS_PER_S / wall_ns(worker) for worker in workers)


def _work(workers: Sequence[WorkerFacts]) -> float | None:
    return _rate(lambda worker: worker.work_units, workers)


def _iterations(workers: Sequence[WorkerFacts]) -> float | None:
    return _rate(lambda worker: worker.iterations, workers)


def _migrations(workers: Sequence[WorkerFacts]) -> float | None:
    if any(worker.kernel_migrations is None and not worker.samples for worker in workers):
        return None
    return _rate(migrations, workers)


def _wake(fraction: float, workers: Sequence[WorkerFacts]) -> float | None:
    found = pooled(list(workers)).percentile(fraction)
    return None if found is None else found / _NS_PER_US


def _run_delay(workers: Sequence[WorkerFacts]) -> float | None:
    """The mean time that a worker waited on a runqueue before it ran, us (schedstat)."""
    delays = [worker.run_delay_ns for worker in workers if worker.run_delay_ns is not None]
    counts = [worker.run_count for worker in workers if worker.run_count]
    if len(delays) < len(workers) or len(counts) < len(workers):
        return None
    return sum(delays) / sum(counts) / _NS_PER_US


def _gap(workers: Sequence[WorkerFacts]) -> float | None:
    return max(worker.max_gap_ns for worker in workers) / NS_PER_MS


def _spread(workers: Sequence[WorkerFacts]) -> float | None:
    """Distance of the largest from the smallest CPU share of hungry workers, % of wall time."""
    shares = [100 * worker.cpu_ns / wall_ns(worker) for worker in workers if worker.cpu_hungry]
    return max(shares) - min(shares) if len(shares) > 1 else None


VALUES: Mapping[str, Callable[[Sequence[WorkerFacts]], float | None]] = {
    "work_per_s": _work,
    "iterations_per_s": _iterations,
    "wake_p50_us": lambda workers: _wake(0.5, workers),
    "wake_p99_us": lambda workers: _wake(0.99, workers),
    "run_delay_mean_us": _run_delay,
    "max_gap_ms": _gap,
    "share_spread_pct": _spread,
    "migrations_per_s": _migrations,
}
