# SPDX-License-Identifier: Apache-2.0
"""What is judged together: the workers of a run, or of one step, and what they ran on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ktstr.introspect.monitor.series import MonitorSeries
from ktstr.judge.workers.presence import ALL_THERE, Presence
from ktstr.model.facts import CgroupFacts, ScenarioFacts, WorkerFacts
from ktstr.model.machine.topology import TopologyView
from ktstr.model.verdict.checks import SUSTAINED_MS
from ktstr.model.wire.programs import SchedulerPrograms
from ktstr.model.wire.witness import Idleness, WitnessFacts


@dataclass(frozen=True)
class Scope:
    """What is judged together: a whole run, or the part of it that one step of the scenario was.

    `workers` and the `scenarios`' steps tell of that part alone, `cgroups` and `idleness` of all.
    `presence` says which CPUs were there; `lives` are the whole lives of the workers' processes:
    pid -> window.  not_eevdfs: the workers that a sched_ext scheduler had in it, or that nobody
    knows the class of while one was attached.  witness: None where it did not report.  unkept:
    cgroups whose cpu.max was not kept.  programs: those of each life of a scheduler.  monitor: of
    all; None where there was none.  sustained_ms: for how long what it saw must last.  beside: who
    ran meanwhile and is not judged here.  by_tasks: the kernel weighs cgroups of EEVDF's by their
    tasks, too.
    """

    workers: tuple[WorkerFacts, ...]
    machine: TopologyView
    cgroups: tuple[CgroupFacts, ...] = ()
    scenarios: tuple[ScenarioFacts, ...] = ()
    step: int | None = None
    presence: Presence = ALL_THERE
    lives: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    not_eevdfs: frozenset[str] = frozenset()
    idleness: tuple[Idleness, ...] = ()
    witness: WitnessFacts | None = None
    unkept: frozenset[str] = frozenset()
    programs: tuple[SchedulerPrograms, ...] = ()
    monitor: MonitorSeries | None = None
    sustained_ms: float = SUSTAINED_MS
    beside: tuple[WorkerFacts, ...] = ()
    by_tasks: bool = False
