# SPDX-License-Identifier: Apache-2.0
"""In a guest under EEVDF: what is measured is what it is called, on two clocks."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from ktstr import Backdrop, Bursty, CgroupDef, CpuSpin, Frac, PipeIo, Spawn, Step, Work, test
from ktstr.model.histogram import Histogram

if TYPE_CHECKING:
    from ktstr import Context
    from ktstr.model.facts import WorkerFacts
    from ktstr.model.wire.samples import SchedSample

_MS = 1_000_000


def merged(parts: list[Histogram]) -> Histogram:
    """All of them as one."""
    return functools.reduce(Histogram.merge, parts, Histogram({}))


def at_most(value: int | None, limit: int) -> bool:
    """Whether there is a value, and it is not above the limit."""
    return value is not None and value <= limit


def samples_of(worker: WorkerFacts, samples: tuple[SchedSample, ...]) -> list[SchedSample]:
    """The worker's samples, phase by phase."""
    return [each for each in samples if each.pid == worker.pid]


@test(duration=1.0, trace=True)
def intended_sleeps_are_no_latency(ctx: Context) -> None:
    """Sleeps of 100 ms are time off the CPU, and no wake-up's latency, to worker and kernel."""
    work = Work(Bursty(burst_us=1_000, sleep_us=100_000), workers=2)
    played = ctx.run(CgroupDef("sleepers", works=(work,)))
    wake = merged([worker.wake for worker in played.workers])
    assert wake.count >= 10, wake
    assert at_most(wake.percentile(0.99), 10 * _MS), wake
    for worker in played.workers:
        own = samples_of(worker, played.samples)
        seen = merged([sample.wake for sample in own])
        off = merged([sample.off_cpu for sample in own])
        assert seen.count >= worker.wake.count, (seen, worker.wake)
        assert at_most(seen.percentile(0.99), 10 * _MS), seen
        assert off.maximum >= 99 * _MS, off
        phase = next(each for each in worker.phases if each.step == 0)
        assert phase.off_cpu.maximum >= 99 * _MS, phase
        assert phase.off_cpu_ns > (phase.ended_ns - phase.started_ns) * 8 // 10, phase


@test(duration=0.6, trace=True)
def the_tracepoints_count_what_the_kernel_counts(ctx: Context) -> None:
    """More spinners than CPUs: turns, waits and moves are those of schedstat and sched."""
    cpus = len(ctx.topology.cpus)
    played = ctx.run(CgroupDef("spinners", works=(Work(CpuSpin(), workers=2 * cpus),)))
    for worker in played.workers:
        own = samples_of(worker, played.samples)
        assert worker.run_count is not None and worker.kernel_migrations is not None
        phase = next(each for each in worker.phases if each.step == 0)
        sample = next(each for each in own if each.step == 0)
        # it counts from its own start, for less than the step, until it has told of itself
        turns = sum(each.switches for each in own)
        assert sample.switches - 2 <= worker.run_count <= turns, (own, worker.run_count)
        ends = abs(phase.started_ns - sample.started_ns) + abs(phase.ended_ns - sample.ended_ns)
        assert phase.run_delay_ns is not None
        apart = abs(sample.run_delay.total - phase.run_delay_ns)
        # a wait is of the part in which it ends
        assert apart <= ends + phase.run_delay.maximum, (sample.run_delay, phase)
        moves = sum(sample.migrations for sample in own)
        assert 0 <= moves - worker.kernel_migrations <= 2, (moves, worker.kernel_migrations)
        assert max(each.max_gap_ns for each in worker.phases) <= worker.max_gap_ns
        assert phase.run_delay.maximum > _MS, phase.run_delay


@test(duration=0.6, trace=True)
def phases_are_the_steps(ctx: Context) -> None:
    """A worker of the backdrop is alone in one step and crowded in the next: both clocks tell."""
    cpus = len(ctx.topology.cpus)
    backdrop = Backdrop((CgroupDef("home", works=(Work(CpuSpin(), workers=1),)),))
    crowd = Spawn("home", Work(CpuSpin(), workers=2 * cpus))
    played = ctx.run(
        Step(hold=Frac(0.5), name="alone"),
        Step(ops=(crowd,), hold=Frac(0.5), name="crowded"),
        backdrop=backdrop,
    )
    resident = next(worker for worker in played.workers if worker.step is None)
    assert [phase.step for phase in resident.phases] == [None, 0, None, 1, None], resident.phases
    for before, after in zip(resident.phases, resident.phases[1:], strict=False):
        assert before.ended_ns == after.started_ns
    for field in ("work_units", "iterations", "cpu_ns", "run_delay_ns", "kernel_migrations"):
        total = sum(getattr(phase, field) for phase in resident.phases)
        assert total == getattr(resident, field), field
    steps = {phase.step: phase for phase in resident.phases}
    assert steps[0].cpu_ns > 1.5 * steps[1].cpu_ns, resident.phases
    samples = {sample.step: sample for sample in samples_of(resident, played.samples)}
    assert samples[1].run_delay.total > 50 * _MS, samples[1]
    assert samples[1].run_delay.total > 5 * samples[0].run_delay.total, samples
    others = [each for each in played.workers if each is not resident]
    assert len(others) == 2 * cpus, others
    for worker in others:
        assert {each.step for each in samples_of(worker, played.samples)} <= {None, 1}
    for facts, index in zip(played.scenario.steps, (0, 1), strict=True):
        assert abs(samples[index].started_ns - facts.started_ns) < 20 * _MS
        assert abs(samples[index].ended_ns - facts.ended_ns) < 20 * _MS


@test(duration=0.5, trace=True)
def partners_are_woken_at_once(ctx: Context) -> None:
    """A pair that hands a byte to and fro: the kernel's latency lies within the worker's own."""
    played = ctx.run(CgroupDef("pair", works=(Work(PipeIo(), workers=2),)))
    for worker in played.workers:
        seen = merged([sample.wake for sample in samples_of(worker, played.samples)])
        own, kernel = worker.wake.percentile(0.5), seen.percentile(0.5)
        assert own is not None and kernel is not None
        # the worker's begins at the partner's clock reading before the wake-up, and ends at its own
        assert 0 < kernel < own, (kernel, own)
        # one that was woken on its way to sleep waited, too, and the kernel woke nobody
        assert seen.count >= worker.wake.count * 9 // 10, (seen.count, worker.wake.count)


@test(duration=0.3, trace=True)
def a_run_without_the_sampler_has_no_samples(ctx: Context) -> None:
    """`trace=False` leaves it out of one run of a test that traces."""
    spinner = CgroupDef("spinner", works=(Work(CpuSpin(), workers=1),))
    assert ctx.run(spinner).samples
    assert not ctx.run(spinner, trace=False).samples
