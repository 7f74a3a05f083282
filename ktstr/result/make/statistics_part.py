# SPDX-License-Identifier: Apache-2.0
"""The statistics of a result: in total, by cgroup, and by step."""

from __future__ import annotations

from ktstr.judge.statistics.cgroups import CgroupStats
from ktstr.judge.statistics.run import RunStatistics
from ktstr.result import result_pb2
from ktstr.result.characters import encodable
from ktstr.result.make.mirror import histogram, mirrored


def worker_stats(stats: CgroupStats) -> result_pb2.WorkerStats:
    """The statistics of one cgroup; waits for a CPU only where any were counted."""
    message = mirrored(result_pb2.WorkerStats(), stats, leave=("name", "run_delay", "rt_app"))
    if stats.run_delay.count:
        message.run_delay.CopyFrom(histogram(stats.run_delay))
    return message


def add_statistics(result: result_pb2.Result, statistics: RunStatistics) -> None:
    """Adds the totals, and the statistics of each step of a scenario that has several."""
    if statistics.total.workers:
        mirrored(result.total, statistics.total)
    for steps in statistics.scenarios:
        if len(steps) < 2:
            continue
        for step in steps:
            message = result.steps.add(step=step.index, name=encodable(step.name))
            mirrored(message.total, step.total)
            for stats in step.cgroups:
                message.cgroups.add(name=encodable(stats.name), stats=worker_stats(stats))
