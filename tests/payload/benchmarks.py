# SPDX-License-Identifier: Apache-2.0
"""perf bench and sysbench in a real guest, shortly: they run, and their metrics are sane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ktstr import test

if TYPE_CHECKING:
    from ktstr import Context


@test(timeout=120)
def perf_bench(ctx: Context) -> None:
    """Messages between groups of processes, and a byte that goes to and fro."""
    sent = ctx.payload("perf_sched_messaging").args("-g", "1", "-l", "10").timeout(60).run()
    assert sent.ok, (sent.failures, sent.facts)
    assert 0 < sent.metric("total_time") < 60, sent.facts.metrics
    passed = ctx.payload("perf_sched_pipe").args("-l", "200").timeout(60).run()
    assert passed.ok, (passed.failures, passed.facts)
    # the rate is the other way round of the time, which perf rounds to whole operations
    product = passed.metric("ops_per_s") * passed.metric("time_per_op")
    assert 0.9 < product < 1.1, passed.facts.metrics
    assert not (sent.facts.notes or passed.facts.notes), (sent.facts.notes, passed.facts.notes)


@test(timeout=120)
def sysbench(ctx: Context) -> None:
    """Prime numbers, and threads that lock mutexes."""
    for name in ("sysbench_cpu", "sysbench_threads"):
        result = ctx.payload(name).args("--threads=3", "--time=1").timeout(60).run()
        assert result.ok, (name, result.failures, result.facts)
        assert 0.9 < result.metric("total_time") < 30, result.facts.metrics
        assert result.metric("latency_avg") <= result.metric("latency_max"), result.facts.metrics
        assert not result.facts.notes, result.facts.notes
