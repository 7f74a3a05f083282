# SPDX-License-Identifier: Apache-2.0
"""A run whose test asked for the kernel's tracepoints."""

from __future__ import annotations

import dataclasses

from ktstr.model.histogram import Histogram
from ktstr.model.wire.samples import SamplerFacts, SamplerProgram, SchedSample
from ktstr.record.run import RunRecord
from tests.support import runs
from tests.support.runs import MS, S


def traced() -> RunRecord:
    """A worker and its phases, what the tracepoints saw of it, and a sampler that lost events."""
    wake, waits = Histogram.of([3_000] * 90 + [50_000] * 10), Histogram.of([2 * MS] * 20)
    phase = runs.phase(
        ended_ns=2 * S,
        cpu_ns=S // 2,
        work_units=1000,
        iterations=1000,
        migrations=3,
        kernel_migrations=4,
        run_delay_ns=S // 2,
        run_count=120,
        off_cpu_ns=S // 2,
        wake=wake,
        gaps=Histogram.of([40_000] * 1000),
        off_cpu=waits,
        run_delay=waits,
        merged=2,
        numa_pages_migrated=7,
    )
    sample = SchedSample(
        step=0,
        started_ns=S,
        ended_ns=2 * S,
        cgroup="cg_0",
        pid=100,
        wake=wake,
        run_delay=wake.merge(waits),
        off_cpu=waits,
        switches=120,
        migrations=4,
    )
    others = dataclasses.replace(sample, pid=None, wake=Histogram({}), switches=2, migrations=0)
    late = dataclasses.replace(sample, step=None, cgroup="late/sleepers", off_cpu=Histogram({}))
    programs = (
        SamplerProgram("tp_btf/sched_switch", 480, 211_000, 0),
        SamplerProgram("tp_btf/sched_wakeup", 200, 41_000, 3),
    )
    return runs.good_run(
        runs.plan(trace=True),
        workers=(
            runs.worker(phases=(phase,), numa_pages={0: 120, 1: 7}, numa_pages_migrated=7),
            runs.worker(index=1, pid=101),
        ),
        samples=(sample, others, late),
        samplers=(
            SamplerFacts("", 5, S, 2 * S, programs),
            SamplerFacts("cannot sample: no attachment of its programs: it ended", 0, None, 3 * S),
        ),
    )
