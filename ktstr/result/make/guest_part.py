# SPDX-License-Identifier: Apache-2.0
"""The part of a result that the guest reported, and the statistics made of it."""

from __future__ import annotations

import json

from ktstr.judge.statistics.run import RunStatistics
from ktstr.model.facts import CgroupFacts, SchedulerFacts, TestFacts, WorkerFacts, WorkerPhase
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.characters import encodable
from ktstr.result.make.bpf_part import add_bpf
from ktstr.result.make.disk_part import disk_results
from ktstr.result.make.figures_part import figures, told_figures
from ktstr.result.make.invariants_part import add_invariants
from ktstr.result.make.looked_part import add_looked_part
from ktstr.result.make.mirror import add_histograms, counters, histogram, mirrored
from ktstr.result.make.monitor_part import add_monitor
from ktstr.result.make.payload_part import payload_results
from ktstr.result.make.sample_part import sample_result, sampler_result
from ktstr.result.make.scenario_part import cgroup_life, scenario_result
from ktstr.result.make.statistics_part import add_statistics, worker_stats
from ktstr.result.make.timeline import timeline
from ktstr.result.make.witness_part import add_witness


def add_guest_part(result: result_pb2.Result, run: RunRecord, statistics: RunStatistics) -> None:
    """Adds all facts of `run`, and what was made of them, to `result`."""
    if run.hello is not None:
        mirrored(result.guest, run.hello, leave=("kernel_release", "numa"))
        result.guest.numa.extend([mirrored(result_pb2.NumaNode(), each) for each in run.hello.numa])
    result.workers.extend([_worker(worker) for worker in run.workers])
    result.cgroups.extend(_cgroups(run, statistics))
    add_statistics(result, statistics)
    result.figures.extend(figures(statistics))
    played = sum(len(scenario.steps) for scenario in run.scenarios)
    result.figures.extend(told_figures(statistics.told, played))
    result.scheduler_stats.extend(
        [mirrored(result_pb2.SchedulerStats(), each) for each in run.stats]
    )
    result.timeline.CopyFrom(timeline(run))
    result.schedulers.extend([_scheduler(life) for life in run.schedulers])
    result.console.classified = run.console is not None
    for finding in run.console or ():
        result.console.findings.add(
            kind=finding.kind.value,
            line_number=finding.line_number,
            text=encodable(finding.text),
            excerpt=encodable(finding.excerpt),
        )
    result.logs.extend([mirrored(result_pb2.Log(), chunk) for chunk in run.logs])
    result.scenarios.extend([scenario_result(each) for each in run.scenarios])
    if run.test is not None:
        result.test_function.CopyFrom(_test_function(run.test))
    result.payloads.extend(payload_results(run))
    result.disks.extend(disk_results(run))
    result.samples.extend([sample_result(each) for each in run.samples])
    result.samplers.extend([sampler_result(each) for each in run.samplers])
    add_witness(result, run)
    add_monitor(result, run)
    add_invariants(result, run)
    add_bpf(result, run)
    add_looked_part(result, run)
    _add_transport(result.transport, run)


_APART = ("ran_on", "io", "phases", "numa_pages", "own")


def _worker(worker: WorkerFacts) -> result_pb2.Worker:
    message = mirrored(result_pb2.Worker(), worker, leave=_APART)
    if worker.io.count:
        message.io.CopyFrom(histogram(worker.io))
    message.phases.extend([_phase(phase) for phase in worker.phases])
    for node in sorted(worker.numa_pages):
        message.numa_pages.add(node=node, pages=worker.numa_pages[node])
    for cpu in sorted(worker.ran_on):
        message.ran_on.add(cpu=cpu, ns=worker.ran_on[cpu])
    message.own.extend(counters(worker.own))
    return message


def _phase(phase: WorkerPhase) -> result_pb2.Worker.Phase:
    histograms = ("wake", "io", "gaps", "off_cpu", "run_delay")
    message = mirrored(result_pb2.Worker.Phase(), phase, leave=histograms)
    add_histograms(message, phase, histograms)
    return message


def _cgroups(run: RunRecord, statistics: RunStatistics) -> list[result_pb2.Cgroup]:
    stats = {each.name: each for each in statistics.cgroups}
    lives: dict[str, list[CgroupFacts]] = {}
    for facts in run.cgroups:
        lives.setdefault(facts.name, []).append(facts)
    return [
        result_pb2.Cgroup(
            name=encodable(name),
            lives=[cgroup_life(facts) for facts in lives.get(name, [])],
            stats=worker_stats(stats[name]) if name in stats else None,
        )
        for name in sorted({*lives, *stats})
    ]


def _scheduler(facts: SchedulerFacts) -> result_pb2.Scheduler:
    message = mirrored(result_pb2.Scheduler(), facts, leave=("stats", "events"))
    message.stats.extend(counters(facts.stats))
    message.events.extend(counters(facts.events))
    return message


def _test_function(facts: TestFacts) -> result_pb2.TestFunction:
    message = mirrored(result_pb2.TestFunction(), facts, leave=("notes",))
    for name in sorted(facts.notes):
        value = json.dumps(facts.notes[name], sort_keys=True)
        message.notes.add(name=encodable(name), value=value)
    return message


def _add_transport(message: result_pb2.Transport, run: RunRecord) -> None:
    message.frames_seen, message.unknown_frames = run.frames_seen, run.unknown_frames
    message.damages.extend([mirrored(result_pb2.Transport.Damage(), each) for each in run.damages])
    if run.end is not None:
        mirrored(message.end, run.end)
