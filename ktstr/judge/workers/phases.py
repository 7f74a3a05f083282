# SPDX-License-Identifier: Apache-2.0
"""What is judged together: the whole run, or, where steps have checks of their own, each step."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from ktstr.judge.workers.by_tasks import weighs_by_tasks
from ktstr.judge.workers.classes import not_eevdfs
from ktstr.judge.workers.presence import presence_of
from ktstr.judge.workers.quota import overruns
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import worker_name
from ktstr.judge.workers.views import asked_view
from ktstr.model.facts import Measured, ScenarioFacts, StepFacts, WorkerFacts, WorkerPhase
from ktstr.model.histogram import Histogram
from ktstr.model.scenario.background import is_background, step_label
from ktstr.model.verdict.checks import SUSTAINED_MS, Checks, Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord


@dataclass(frozen=True)
class Part:
    """A scope, the thresholds in force in it, and who set each.  `missing`: data that it lacks."""

    scope: Scope
    checks: Checks
    layers: Mapping[str, str]
    name: str = ""
    missing: tuple[Detail, ...] = ()


def parts(run: RunRecord) -> list[Part]:
    """The run as one part, or its steps if one of them has checks of its own."""
    if not _by_step(run):
        return [Part(whole(run), run.plan.checks, run.plan.check_layers)]
    found = [_part(run, *played) for played in _played(run)]
    lacking = [worker for worker in run.workers if worker.step is None and not worker.phases]
    # of one that was lost nobody knows when: what is known of it is told of the end
    lost = tuple(
        _rest(worker) for worker in run.workers if worker.step is None and not worker.completed
    )
    last = found[-1]
    scope = dataclasses.replace(last.scope, workers=(*last.scope.workers, *lost))
    missing = tuple(_unphased(worker) for worker in lacking if worker.completed)
    return [
        *found[:-1],
        dataclasses.replace(last, scope=scope, missing=(*last.missing, *missing)),
    ]


def checks_in_force(run: RunRecord) -> list[Checks]:
    """The checks of each of the `parts`, in their order."""
    if not _by_step(run):
        return [run.plan.checks]
    return [_checks_of(run, step) for _, step in _played(run)]


def whole(run: RunRecord) -> Scope:
    """All of a run."""
    return _scope(run, None)


def step_scope(run: RunRecord, scenario: ScenarioFacts, step: StepFacts) -> Scope:
    """One step of a run: its workers, and the scenario as if it had no other step."""
    workers = step_workers(run, scenario, step)
    return dataclasses.replace(
        _scope(run, step.index),
        workers=workers,
        beside=_beside(run, step, workers),
        scenarios=(dataclasses.replace(scenario, steps=(step,)),),
    )


def step_workers(
    run: RunRecord, scenario: ScenarioFacts, step: StepFacts
) -> tuple[WorkerFacts, ...]:
    """The workers that a step made, and what the others did meanwhile."""
    pieces = (_piece(worker, scenario, step) for worker in run.workers)
    return tuple(piece for piece in pieces if piece is not None)


def step_name(step: StepFacts) -> str:
    """`step 1`, with the author's name for it if there is one."""
    return step_label(step.index, step.name)


def _played(run: RunRecord) -> list[tuple[ScenarioFacts, StepFacts]]:
    return [(scenario, step) for scenario in run.scenarios for step in scenario.steps]


def _by_step(run: RunRecord) -> bool:
    return any(step.checks for _, step in _played(run))


def _checks_of(run: RunRecord, step: StepFacts) -> Checks:
    return run.plan.checks.merge(step.checks or Checks())


def _scope(run: RunRecord, step: int | None) -> Scope:
    lives: dict[int, tuple[int, int]] = {}
    for worker in run.workers:
        start, end = lives.get(worker.pid, (worker.started_ns, worker.ended_ns))
        lives[worker.pid] = (min(start, worker.started_ns), max(end, worker.ended_ns))
    return Scope(
        run.workers,
        asked_view(run.plan),
        run.cgroups,
        run.scenarios,
        step,
        presence=presence_of(run.events),
        lives=lives,
        not_eevdfs=not_eevdfs(run, step),
        idleness=run.idleness,
        witness=run.witness,
        unkept=frozenset(each.cgroup for each in overruns(run)),
        programs=run.programs,
        monitor=run.monitor,
        sustained_ms=_sustained_ms(run, step),
        by_tasks=run.hello is not None and weighs_by_tasks(run.hello.kernel_release),
    )


def _sustained_ms(run: RunRecord, step: int | None) -> float:
    own = [
        each.checks.sustained_ms
        for _, each in _played(run)
        if each.index == step and each.checks is not None and each.checks.sustained_ms is not None
    ]
    return (own or [run.plan.checks.sustained_ms or SUSTAINED_MS])[0]


def _part(run: RunRecord, scenario: ScenarioFacts, step: StepFacts) -> Part:
    name, values = step_name(step), dataclasses.asdict(step.checks or Checks())
    set_here = {field: name for field, value in values.items() if value is not None}
    return Part(
        scope=step_scope(run, scenario, step),
        checks=_checks_of(run, step),
        layers={**run.plan.check_layers, **set_here},
        name=name,
        missing=tuple(_merged(worker, name) for worker in run.workers if _is_merged(worker, step)),
    )


def _unphased(worker: WorkerFacts) -> Detail:
    name = worker_name(worker)
    message = f"{name} ({worker.work_type}) left no figures by step, which the steps' checks need"
    return Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE, name)


def _is_merged(worker: WorkerFacts, step: StepFacts) -> bool:
    """Whether what a worker did in a step is told within its last phase, which is of another."""
    if not worker.phases or not worker.phases[-1].merged:
        return False
    if is_background(worker.step) != is_background(step.index):
        return False
    last = worker.phases[-1]
    known = {worker.step, *(phase.step for phase in worker.phases)}
    return step.index not in known and last.started_ns <= step.started_ns < worker.ended_ns


def _merged(worker: WorkerFacts, step: str) -> Detail:
    name = worker_name(worker)
    message = (
        f"{step}: {name} ({worker.work_type}) went through more phases than it keeps apart, this "
        f"one among the last {worker.phases[-1].merged}: it has no figures of it"
    )
    return Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE, name)


def _piece(worker: WorkerFacts, scenario: ScenarioFacts, step: StepFacts) -> WorkerFacts | None:
    # a test function may play several scenarios, whose steps count from 0 each
    if not scenario.started_ns <= worker.started_ns <= scenario.ended_ns:
        return None
    if worker.step == step.index:
        return worker
    # work in the background is a step, and goes through others meanwhile
    if worker.step is not None and not is_background(worker.step):
        return None
    found = [phase for phase in worker.phases if phase.step == step.index]
    return _cut(worker, found[0]) if found else None


def _beside(
    run: RunRecord, step: StepFacts, workers: tuple[WorkerFacts, ...]
) -> tuple[WorkerFacts, ...]:
    """Who else ran in a step, where a test function had work in the background."""
    if not any(is_background(worker.step) for worker in run.workers):
        return ()
    ours = {worker.pid for worker in workers}
    return tuple(
        worker
        for worker in run.workers
        if worker.pid not in ours
        and worker.started_ns < step.ended_ns
        and step.started_ns < worker.ended_ns
    )


def _rest(worker: WorkerFacts) -> WorkerFacts:
    """A worker that was lost, from the last of its phases that it told of to its end."""
    if not worker.phases:
        return worker
    told = max(phase.max_gap_ns for phase in worker.phases)
    return dataclasses.replace(
        worker,
        max_gap_ns=worker.max_gap_ns if worker.max_gap_ns > told else 0,
        started_ns=worker.phases[-1].ended_ns,
        work_units=worker.work_units - sum(phase.work_units for phase in worker.phases),
        iterations=worker.iterations - sum(phase.iterations for phase in worker.phases),
        wake=Histogram({}),
        io=Histogram({}),
        phases=(),
    )


def _cut(worker: WorkerFacts, phase: WorkerPhase) -> WorkerFacts:
    """The worker as if it had lived in that phase alone.

    The CPUs that it ran on are told of its whole life, as its cpuset is; where and when its longest
    gap was is known for the longest of all alone.
    """
    inside = phase.started_ns <= worker.max_gap_at_ns <= phase.ended_ns
    same = inside and phase.max_gap_ns == worker.max_gap_ns
    return dataclasses.replace(
        worker,
        **{each.name: getattr(phase, each.name) for each in dataclasses.fields(Measured)},
        step=phase.step,
        max_gap_at_ns=worker.max_gap_at_ns if same else 0,
        max_gap_cpu=worker.max_gap_cpu if same else -1,
        phases=(phase,),
        own={},  # told of the whole life alone
    )
