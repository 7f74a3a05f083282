# SPDX-License-Identifier: Apache-2.0
"""Turns the guest's byte stream into typed facts, keeping account of what was damaged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ktstr.console.findings import ConsoleFinding
from ktstr.host.accel import Accel
from ktstr.host.disk_clone import DiskClone
from ktstr.host.ending import Ending
from ktstr.host.sample import HostSample
from ktstr.host.start import StartFacts
from ktstr.model import claim_facts, facts
from ktstr.model.codec import decode
from ktstr.model.errors import UsageError
from ktstr.model.plan import Plan
from ktstr.model.wire import samples, witness
from ktstr.model.wire.frames import Damage, Frame, FrameReader, FrameType
from ktstr.record.run import RunRecord
from ktstr.record.sightings import seen_in

Fact = (
    facts.Hello
    | facts.Event
    | facts.WorkerFacts
    | facts.CgroupFacts
    | facts.SchedulerFacts
    | facts.LogChunk
    | facts.ScenarioFacts
    | facts.TestFacts
    | facts.PayloadFacts
    | facts.DiskFacts
    | claim_facts.ClaimFacts
    | samples.SchedSample
    | samples.SamplerFacts
    | witness.Sightings
    | witness.WitnessFacts
    | facts.End
)

_TYPES: dict[int, type[Any]] = {
    FrameType.HELLO: facts.Hello,
    FrameType.EVENT: facts.Event,
    FrameType.WORKER: facts.WorkerFacts,
    FrameType.CGROUP: facts.CgroupFacts,
    FrameType.SCHEDULER: facts.SchedulerFacts,
    FrameType.LOG: facts.LogChunk,
    FrameType.SCENARIO: facts.ScenarioFacts,
    FrameType.TEST: facts.TestFacts,
    FrameType.PAYLOAD: facts.PayloadFacts,
    FrameType.DISK: facts.DiskFacts,
    FrameType.CLAIM: claim_facts.ClaimFacts,
    FrameType.SAMPLE: samples.SchedSample,
    FrameType.SAMPLER: samples.SamplerFacts,
    FrameType.SIGHTINGS: witness.Sightings,
    FrameType.WITNESS: witness.WitnessFacts,
    FrameType.END: facts.End,
}


@dataclass
class Collector:
    """Takes the stream in pieces while the guest runs.

    `feed` gives each fact as it becomes complete, so that the caller can act on an event; `record`
    makes the `RunRecord` once the machine has ended.
    """

    _reader: FrameReader = field(default_factory=FrameReader)
    _facts: list[Fact] = field(default_factory=list)
    _damages: list[Damage] = field(default_factory=list)
    _frames: int = 0
    _unknown: int = 0

    def feed(self, data: bytes) -> Iterator[Fact]:
        """The facts that `data` completes."""
        for item in self._reader.feed(data):
            if isinstance(item, Damage):
                self._damages.append(item)
                continue
            fact = self._take(item)
            if fact is not None:
                self._facts.append(fact)
                yield fact

    def finish(self) -> None:
        """Notes a frame that was cut short: call it once, when the machine has ended."""
        damage = self._reader.finish()
        if damage is not None:
            self._damages.append(damage)

    def record(
        self,
        plan: Plan,
        accel: Accel,
        ending: Ending,
        *,
        console: tuple[ConsoleFinding, ...] | None = None,
        host_samples: tuple[HostSample, ...] = (),
        scenario_host_s: tuple[float, float] | None = None,
        disk_clones: tuple[DiskClone, ...] = (),
        start: StartFacts | None = None,
    ) -> RunRecord:
        """The run's record: what the guest reported so far, and what the host knows besides."""
        seen = seen_in(self._all(witness.Sightings))
        unread = (Damage(0, 0, seen.problem),) if seen.problem else ()
        return RunRecord(
            plan=plan,
            accel=accel,
            ending=ending,
            console=console,
            hello=self._last(facts.Hello),
            events=self._all(facts.Event),
            workers=self._all(facts.WorkerFacts),
            cgroups=self._all(facts.CgroupFacts),
            schedulers=self._all(facts.SchedulerFacts),
            scenarios=self._all(facts.ScenarioFacts),
            test=self._last(facts.TestFacts),
            payloads=self._all(facts.PayloadFacts),
            disks=self._all(facts.DiskFacts),
            samples=self._all(samples.SchedSample),
            samplers=self._all(samples.SamplerFacts),
            ran_under=seen.ran_under,
            idleness=seen.idleness,
            holds=seen.holds,
            witness=self._last(witness.WitnessFacts),
            claims=self._all(claim_facts.ClaimFacts),
            logs=self._all(facts.LogChunk),
            end=self._last(facts.End),
            frames_seen=self._frames,
            damages=(*self._damages, *unread),
            unknown_frames=self._unknown,
            host_samples=host_samples,
            scenario_host_s=scenario_host_s,
            disk_clones=disk_clones,
            start=start,
        )

    def _take(self, frame: Frame) -> Fact | None:
        if frame.type != FrameType.END:
            self._frames += 1
        cls = _TYPES.get(frame.type)
        if cls is None:
            self._unknown += 1
            return None
        try:
            fact: Fact = decode(cls, frame.body)
        except UsageError as error:
            self._damages.append(Damage(frame.offset, 0, str(error)))
            return None
        return fact

    def _all(self, cls: type[Any]) -> tuple[Any, ...]:
        return tuple(fact for fact in self._facts if isinstance(fact, cls))

    def _last(self, cls: type[Any]) -> Any:
        found = self._all(cls)
        return found[-1] if found else None
