# SPDX-License-Identifier: Apache-2.0
"""cpu.max: the CPU time that a cgroup was allowed, and whether it kept to that."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.judge.workers.subjects import NS_PER_S, is_within
from ktstr.model.facts import CgroupFacts, ScenarioFacts
from ktstr.model.wire.events import EventName
from ktstr.record.run import RunRecord

# what a cgroup may use above its quota: the kernel hands it out in slices
_SLACK = 1.1
_SLACK_S = 0.01


@dataclass(frozen=True)
class Overrun:
    """A cgroup that used more CPU time than cpu.max allowed, seconds; when, ns."""

    cgroup: str
    allowed_s: float
    used_s: float
    started_ns: int
    ended_ns: int


def overruns(run: RunRecord) -> list[Overrun]:
    """The cgroups whose cpu.max was not kept.

    A life is taken for longer than it was rather than for shorter.  Of a limit that an op set
    later, the phases of the cgroup's workers from then on are looked at.
    """
    found = []
    for cgroup in run.cgroups:
        quota = quota_of(cgroup)
        use = None if quota is None else _use(run, cgroup)
        if quota is None or use is None:
            continue
        used_s, started_ns, ended_ns = use
        allowed_s = quota * (ended_ns - started_ns) / NS_PER_S
        if used_s > max(_SLACK * allowed_s, allowed_s + _SLACK_S):
            found.append(Overrun(cgroup.name, allowed_s, used_s, started_ns, ended_ns))
    return found


def quota_of(cgroup: CgroupFacts) -> float | None:
    """CPUs that cpu.max allows; the file says `$MAX $PERIOD` in us, or `max` (cgroup-v2.rst)."""
    amount, _, period = cgroup.limits_in_force.get("cpu.max", "").partition(" ")
    return int(amount) / int(period) if amount.isdecimal() and period.isdecimal() else None


def _use(run: RunRecord, cgroup: CgroupFacts) -> tuple[float, int, int] | None:
    """(seconds of CPU time, start, end) of a cgroup under its limit; None: not known."""
    changed = [
        event.at_ns
        for event in run.events
        if event.name == EventName.OP
        and event.detail.startswith(f"SetLimits(cgroup={cgroup.name!r},")
    ]
    if changed:
        return _used_since(run, cgroup.name, changed[-1])
    usage = cgroup.cpu_stat.get("usage_usec")
    windows = [window for each in run.scenarios if (window := _window(each, cgroup.step))]
    if usage is None or not windows:
        return None
    return (usage / 1e6, *max(windows, key=lambda window: window[1] - window[0]))


def _used_since(run: RunRecord, name: str, since_ns: int) -> tuple[float, int, int] | None:
    phases = [
        phase
        for worker in run.workers
        if is_within(worker.cgroup, name)
        for phase in worker.phases
        if phase.started_ns >= since_ns
    ]
    if not phases:
        return None
    used_ns = sum(phase.cpu_ns for phase in phases)
    return used_ns / NS_PER_S, since_ns, max(phase.ended_ns for phase in phases)


def _window(scenario: ScenarioFacts, step: int | None) -> tuple[int, int] | None:
    """The time that a cgroup of a step, or of the Backdrop, can have lived in."""
    if step is None:
        return scenario.started_ns, scenario.ended_ns
    start = scenario.started_ns
    for each in scenario.steps:
        if each.index == step:
            return start, each.torn_down_ns
        start = each.torn_down_ns
    return None
