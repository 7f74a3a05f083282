# SPDX-License-Identifier: Apache-2.0
"""max_wasted_cpu_pct: no CPU stands idle while a task that may run there waits.

The field calls a scheduler that keeps to this work-conserving, and its absence wasted cores.  The
time is that of the witness's looks (ktstr.model.wire.witness): from one look to the next a CPU was
idle, and one and the same task that may run there waited, or, where turns are short, somebody at
both.
"""

from __future__ import annotations

from collections.abc import Iterator

from ktstr.judge.checks.measure import Limit, Measurement
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import NS_PER_S
from ktstr.judge.workers.views import asked_view
from ktstr.model.facts import StepFacts
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.machine.topology import TopologyView
from ktstr.model.scenario.background import step_label
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.witness import CpuIdleness, Idleness, WitnessFacts
from ktstr.record.run import RunRecord

# from so much on it is told whatever is checked
REMARKED_NS = 200_000_000
# fewer looks at a phase than this say nothing about it
_LEAST_LOOKS = 10
# what the looks must cover of the time that they are about
_LEAST_SEEN = 0.5


def wasted(scope: Scope) -> list[Measurement]:
    """The part of each step's time that each CPU stood idle while a task waited for it, percent."""
    found = []
    for step in (step for scenario in scope.scenarios for step in scenario.steps):
        seen = [each for each in scope.idleness if _is_of(each, step)]
        why = _unseen(scope.witness, seen, step)
        if why:
            name = step_label(step.index)
            found.append(Measurement(name, None, f"{name}: {why}"))
        else:
            found += [_of_cpu(scope, each, cpu) for each in seen for cpu in each.cpus]
            found += _unseen_cpus(scope, seen, step)
    return found


MAX_WASTED = Limit(
    "max_wasted_cpu_pct",
    Kind.WORK_CONSERVATION,
    "% of the time",
    wasted,
    "idle CPUs are checked but no step was looked at: play a scenario with steps, or drop the "
    "check",
    of_cpus=True,
)


def waste_remarks(run: RunRecord) -> Iterator[str]:
    """A sentence for each step in which a CPU was wasted for long, whatever is checked."""
    machine = asked_view(run.plan)
    for each in run.idleness:
        bad = [cpu for cpu in each.cpus if cpu.wasted_ns >= REMARKED_NS]
        if not bad:
            continue
        worst = max(bad, key=lambda cpu: cpu.wasted_ns)
        cpus = format_cpulist({cpu.cpu for cpu in bad})
        yield (
            f"CPU{'s' if len(bad) > 1 else ''} {cpus} stood idle while tasks that may run there "
            f"waited{_where(each)}: {_words(each, worst, machine)}"
        )


def _is_of(each: Idleness, step: StepFacts) -> bool:
    overlap = each.started_ns < step.ended_ns and each.ended_ns > step.started_ns
    return each.step == step.index and overlap


def _unseen(witness: WitnessFacts | None, seen: list[Idleness], step: StepFacts) -> str:
    """Why it is not known which CPUs were idle; empty if it is."""
    if witness is None:
        return "nobody watched for idle CPUs: the guest's witness did not report"
    if witness.error and not seen:
        return f"nobody watched for idle CPUs: {witness.error}"
    length = step.ended_ns - step.started_ns
    if length < _LEAST_LOOKS * witness.period_ns:
        return (
            f"it was too short ({length / NS_PER_S:.3f} s) for looks at idle CPUs, one each "
            f"{witness.period_ns / NS_PER_S:.3f} s; hold it for longer"
        )
    told = sum(each.ended_ns - each.started_ns for each in seen)
    part = min(told / length, _covered(witness))
    if part < _LEAST_SEEN:
        return (
            f"the looks at idle CPUs cover {100 * part:.0f}% of it only ({witness.late} of "
            f"{witness.looks} came late)"
        )
    return ""


def _unseen_cpus(scope: Scope, seen: list[Idleness], step: StepFacts) -> list[Measurement]:
    """The CPUs that were there all the time, and of which nothing is told."""
    told = frozenset(cpu.cpu for each in seen for cpu in each.cpus)
    gone = scope.presence.gone_sometime(step.started_ns, step.ended_ns)
    return [
        Measurement(f"CPU {cpu}", None, f"{step_label(step.index)}: nobody looked at CPU {cpu}")
        for cpu in sorted(scope.machine.cpus - told - gone)
    ]


def _covered(witness: WitnessFacts) -> float:
    """The part of its time for which the witness claims anything."""
    length = witness.ended_ns - witness.started_ns
    on_time = (witness.looks - witness.late) * witness.period_ns
    return min(1.0, on_time / length) if length > 0 else 0.0


def _of_cpu(scope: Scope, each: Idleness, cpu: CpuIdleness) -> Measurement:
    words = f"CPU {cpu.cpu} stood idle while a task that may run there waited{_where(each)}: "
    return Measurement(
        f"CPU {cpu.cpu}", _pct(each, [cpu]), words + _words(each, cpu, scope.machine)
    )


def _where(each: Idleness) -> str:
    return " between steps" if each.step is None else f" in {step_label(each.step)}"


def _words(each: Idleness, cpu: CpuIdleness, machine: TopologyView) -> str:
    length = (each.ended_ns - each.started_ns) / NS_PER_S
    waiting = f", in which {cpu.waiting} waited last" if cpu.waiting else ""
    return (
        f"{cpu.wasted_ns / NS_PER_S:.2f} of {length:.2f} s, {cpu.longest_ns / NS_PER_S:.2f} s of "
        f"it at a stretch{waiting}; {_around(each, cpu.cpu, machine)}"
    )


def _around(each: Idleness, cpu: int, machine: TopologyView) -> str:
    """`LLC 1: 98%, node 0: 49%`: the means over the CPUs that share it."""
    parts = []
    for name, groups in (("LLC", machine.llcs), ("node", machine.nodes)):
        for index, cpus in enumerate(groups):
            inside = [other for other in each.cpus if other.cpu in cpus]
            if cpu in cpus and inside:
                parts.append(f"{name} {index}: {_pct(each, inside):.0f}%")
    return ", ".join(parts)


def _pct(each: Idleness, cpus: list[CpuIdleness]) -> float:
    """The mean of what the CPUs wasted, in percent of the phase."""
    length = (each.ended_ns - each.started_ns) * len(cpus)
    return 100 * sum(cpu.wasted_ns for cpu in cpus) / length if length > 0 else 0.0
