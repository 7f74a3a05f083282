# SPDX-License-Identifier: Apache-2.0
"""max_gap_ms: no worker that wants the CPU goes without it for long."""

from __future__ import annotations

from ktstr.judge.subjects import NS_PER_MS, by_cgroup, worker_name
from ktstr.model.checks import Detail, Kind, Verdict
from ktstr.model.facts import WorkerFacts


def stuck(workers: tuple[WorkerFacts, ...], limit_ms: float) -> list[Detail]:
    """One FAIL for each worker whose longest gap is above the limit.

    A worker that worked and yet was never sampled is INCONCLUSIVE.
    """
    details = []
    for members in by_cgroup(workers).values():
        for worker in members:
            name = worker_name(worker)
            gap_ms = worker.max_gap_ns / NS_PER_MS
            if gap_ms > limit_ms:
                on = f" on CPU {worker.max_gap_cpu}" if worker.work_units else ""
                at_ms = (worker.max_gap_at_ns - worker.started_ns) / NS_PER_MS
                details.append(
                    Detail(
                        Kind.STUCK,
                        f"{name} ({worker.work_type}) was stuck for {gap_ms:.1f} ms{on}, "
                        f"{at_ms:.0f} ms after its start "
                        f"(limit {limit_ms:g} ms)",
                        Verdict.FAIL,
                        name,
                    )
                )
            elif worker.completed and worker.work_units and not worker.samples:
                details.append(
                    Detail(
                        Kind.NO_DATA,
                        f"{name} ({worker.work_type}) worked but no gap was ever sampled",
                        Verdict.INCONCLUSIVE,
                        name,
                    )
                )
    return details
