# SPDX-License-Identifier: Apache-2.0
"""From what a worker left, its report or only its slot, to its facts."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from ktstr.guest.workers.shared import Slot
from ktstr.model.facts import Measured, WorkerFacts, WorkerPhase
from ktstr.model.histogram import Histogram
from ktstr.model.work.mem_policy import MemPolicy
from ktstr.model.work.policy import load_weight
from ktstr.model.work.work import Work

# what a report has of both a phase and a life, as plain numbers
_NUMBERS = tuple(each.name for each in fields(Measured) if each.type != "Histogram")


@dataclass(frozen=True)
class WorkerIdentity:
    """Who a worker is, as the agent knows it when the worker's life ends."""

    cgroup: str
    group: int
    index: int
    work: Work
    step: int | None
    pid: int
    affinity: str
    cpuset: str
    told_ns: int
    stopped_ns: int
    errors: tuple[str, ...]


def facts_of(
    who: WorkerIdentity, report: bytes, slot: Slot, exit_info: str, merged: int = 0
) -> WorkerFacts:
    """The facts of one worker; `merged` phases are in its last one.

    Without an intact report they come from its slot and the phases that had ended: `completed` is
    false, and the time since its last clock reading, or since it was told to begin, is a gap.
    """
    lines = _parse(report)
    found = lines.pop() if lines and "effective" in lines[-1] else None
    phases = tuple(map(_phase, lines))
    if phases and merged:
        phases = (*phases[:-1], replace(phases[-1], merged=merged))
    if found is None:
        return _lost(who, slot, exit_info or "ended without a report", phases)
    return WorkerFacts(
        **_identity(who),
        **_numbers(found),
        effective=found["effective"],
        max_gap_at_ns=found["max_gap_at_ns"],
        max_gap_cpu=found["max_gap_cpu"],
        samples=found["samples"],
        ran_on=_table(found["ran_on"]),
        wake=_all(phase.wake for phase in phases),
        completed=not exit_info,
        exit_info=exit_info,
        errors=(*who.errors, *found["errors"]),
        io=_all(phase.io for phase in phases),
        phases=phases,
        numa_pages=_table(found["numa_pages"]),
        own=found.get("own", {}),
    )


def _phase(found: Any) -> WorkerPhase:
    wall = found["ended_ns"] - found["started_ns"]
    return WorkerPhase(
        **_numbers(found),
        step=found["step"],
        off_cpu_ns=max(0, wall - found["cpu_ns"]),
        wake=_histogram(found, "wake"),
        io=_histogram(found, "io"),
        gaps=_histogram(found, "gaps"),
        off_cpu=_histogram(found, "off_cpu"),
        run_delay=_histogram(found, "run_delay"),
        class_started=found["class_started"],
        class_ended=found["class_ended"],
    )


def _lost(
    who: WorkerIdentity, slot: Slot, exit_info: str, phases: tuple[WorkerPhase, ...]
) -> WorkerFacts:
    last = slot.beat_ns or who.told_ns
    gap = max(slot.max_gap_ns, who.stopped_ns - last)
    return WorkerFacts(
        **_identity(who),
        effective="",
        started_ns=who.told_ns,
        ended_ns=who.stopped_ns,
        cpu_ns=0,
        work_units=slot.work_units,
        iterations=slot.iterations,
        max_gap_ns=gap,
        max_gap_at_ns=who.stopped_ns,
        max_gap_cpu=slot.cpu,
        migrations=0,
        samples=0,
        ran_on={},
        wake=_all(phase.wake for phase in phases),
        completed=False,
        exit_info=exit_info,
        errors=who.errors,
        io=_all(phase.io for phase in phases),
        phases=phases,
    )


def _identity(who: WorkerIdentity) -> dict[str, Any]:
    work = who.work
    role = work.role(who.index)
    return {
        "cgroup": who.cgroup,
        "group": who.group,
        "index": who.index,
        "work_type": type(work.type).__name__,
        "step": who.step,
        "pid": who.pid,
        "requested": _requested(who),
        "weight": load_weight(role.policy, role.nice),
        "cpu_hungry": work.type.is_hungry(who.index),
        "cpuset": who.cpuset,
    }


def _requested(who: WorkerIdentity) -> str:
    """What the worker was asked to be, in the order and words of its `effective`."""
    work, role = who.work, who.work.role(who.index)
    words = [f"policy={role.policy.value} rt_priority={role.rt_priority} nice={role.nice}"]
    words.append(f"affinity={who.affinity or 'inherited'}")
    if work.deadline is not None:
        times = (work.deadline.runtime_us, work.deadline.deadline_us, work.deadline.period_us)
        words.append(f"deadline_us={'/'.join(map(str, times))}")
    if work.mem_policy != MemPolicy():
        words.append(f"memory={work.mem_policy}")
    identity = {"uid": work.uid, "gid": work.gid}
    words += [f"{key}={value}" for key, value in identity.items() if value is not None]
    return " ".join(words)


def _numbers(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in _NUMBERS}


def _parse(report: bytes) -> list[Any]:
    # a worker that is killed while it writes leaves a cut line
    return [json.loads(line) for line in report.splitlines(keepends=True) if line.endswith(b"\n")]


def _histogram(found: Any, key: str) -> Histogram:
    if key not in found:
        return Histogram({})
    values = found[key]
    return Histogram(_table(values["buckets"]), values["count"], values["total"], values["maximum"])


def _all(parts: Iterable[Histogram]) -> Histogram:
    return functools.reduce(Histogram.merge, parts, Histogram({}))


def _table(table: dict[str, int]) -> dict[int, int]:
    return {int(key): value for key, value in table.items()}
