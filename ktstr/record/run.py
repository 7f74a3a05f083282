# SPDX-License-Identifier: Apache-2.0
"""Everything known about one run, before anything is judged."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.console.findings import ConsoleFinding
from ktstr.host.accel import Accel
from ktstr.host.disk_clone import DiskClone
from ktstr.host.ending import Ending
from ktstr.host.probes import ProbeFacts
from ktstr.host.sample import HostSample
from ktstr.host.start import StartFacts
from ktstr.introspect.asking.asked import Asked
from ktstr.introspect.costs.costs import OpCosts
from ktstr.introspect.coverage.coverage import Coverage
from ktstr.introspect.invariants.findings import InvariantFindings
from ktstr.introspect.monitor.series import MonitorSeries
from ktstr.introspect.occasions.taken import Taken
from ktstr.introspect.postmortem.state import PostMortem
from ktstr.introspect.replay.cause import Moments
from ktstr.introspect.replay.page import Replay
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.introspect.trace.events import Decisions
from ktstr.model.facts import (
    CgroupFacts,
    DiskFacts,
    End,
    Event,
    Hello,
    LogChunk,
    PayloadFacts,
    ScenarioFacts,
    SchedulerFacts,
    TestFacts,
    WorkerFacts,
)
from ktstr.model.plan import Plan
from ktstr.model.verdict.claim_facts import ClaimFacts
from ktstr.model.wire.frames import Damage
from ktstr.model.wire.programs import SchedulerPrograms
from ktstr.model.wire.samples import SamplerFacts, SchedSample
from ktstr.model.wire.state_set import StateSet
from ktstr.model.wire.stats import SchedulerStats
from ktstr.model.wire.witness import Hold, Idleness, RanUnder, WitnessFacts


@dataclass(frozen=True)
class RunRecord:
    """One run of one plan: what was asked, what the guest reported, how the machine ended.

    `console` is None when the console was not classified, which is not the same as clean.
    The guest's part comes from `ktstr.record.collect`.  `frames_seen` counts intact frames but the
    End frame.  `scenario_host_s` are the times, on the clock of `HostSample.at_s`, at which the
    events scenario_start and scenario_end reached the host: None when one of them did not.
    `schedulers` has one entry for each life of a scheduler, in order; a run without any has one of
    phase `none`.  `start` is None for a test whose guest was never started, `probes`, `invariants`
    and `monitor` for one that nobody wanted to look into, and `post_mortem` for one whose guest
    came to its end in order.  `decisions`, `op_costs` and `coverage` are None where nobody asked,
    `taken` where the test declares no snapshots; `snapshots` are those that nobody asked for, and
    of a run that was read back all.  `own_layer` is the SHA-256 of the layer that holds plan, start
    and sources, empty in real time, where it is another one each time.
    `moments` is None where nobody could look, `replay` for a run that was not played again.
    """

    plan: Plan
    accel: Accel
    ending: Ending
    console: tuple[ConsoleFinding, ...] | None = None
    hello: Hello | None = None
    events: tuple[Event, ...] = ()
    workers: tuple[WorkerFacts, ...] = ()
    cgroups: tuple[CgroupFacts, ...] = ()
    schedulers: tuple[SchedulerFacts, ...] = ()
    scenarios: tuple[ScenarioFacts, ...] = ()
    test: TestFacts | None = None
    payloads: tuple[PayloadFacts, ...] = ()
    disks: tuple[DiskFacts, ...] = ()
    samples: tuple[SchedSample, ...] = ()
    samplers: tuple[SamplerFacts, ...] = ()
    ran_under: tuple[RanUnder, ...] = ()
    idleness: tuple[Idleness, ...] = ()
    holds: tuple[Hold, ...] = ()
    witness: WitnessFacts | None = None
    claims: tuple[ClaimFacts, ...] = ()
    programs: tuple[SchedulerPrograms, ...] = ()
    state_set: tuple[StateSet, ...] = ()
    stats: tuple[SchedulerStats, ...] = ()
    logs: tuple[LogChunk, ...] = ()
    end: End | None = None
    frames_seen: int = 0
    damages: tuple[Damage, ...] = ()
    unknown_frames: int = 0
    host_samples: tuple[HostSample, ...] = ()
    scenario_host_s: tuple[float, float] | None = None
    disk_clones: tuple[DiskClone, ...] = ()
    start: StartFacts | None = None
    probes: ProbeFacts | None = None
    invariants: InvariantFindings | None = None
    asked: Asked | None = None
    post_mortem: PostMortem | None = None
    snapshots: tuple[Snapshot, ...] = ()
    taken: Taken | None = None
    monitor: MonitorSeries | None = None
    decisions: Decisions | None = None
    op_costs: OpCosts | None = None
    coverage: Coverage | None = None
    moments: Moments | None = None
    replay: Replay | None = None
    own_layer: str = ""

    @property
    def all_snapshots(self) -> tuple[Snapshot, ...]:
        """Those that somebody asked for, and the others, in the order of their times."""
        found = list(self.snapshots)
        found += self.asked.snapshots if self.asked is not None else ()
        found += self.taken.snapshots if self.taken is not None else ()
        if self.invariants is not None and self.invariants.first is not None:
            found.append(self.invariants.first)
        return tuple(sorted(found, key=lambda each: each.at_ns))

    @property
    def scheduler(self) -> SchedulerFacts | None:
        """The last life of a scheduler: the only one where no op brought in another."""
        return self.schedulers[-1] if self.schedulers else None
