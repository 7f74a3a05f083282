# SPDX-License-Identifier: Apache-2.0
"""Turns the guest's byte stream into typed facts, keeping account of what was damaged."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from ktstr.console.findings import ConsoleFinding
from ktstr.host.accel import Accel
from ktstr.host.disk_clone import DiskClone
from ktstr.host.ending import Ending
from ktstr.host.sample import HostSample
from ktstr.host.start import StartFacts
from ktstr.model.codec import decode
from ktstr.model.errors import UsageError
from ktstr.model.plan import Plan
from ktstr.model.wire.frames import Damage, Frame, FrameReader, FrameType
from ktstr.model.wire.recording import Recorded
from ktstr.model.wire.witness import Sightings
from ktstr.record.run import RunRecord
from ktstr.record.sightings import seen_in


class Fact(Protocol):
    """A record that came as a frame."""

    @property
    def frame_type(self) -> FrameType:
        """The type of that frame."""


def _fields() -> dict[str, tuple[type[Any], bool]]:
    """The fields of a `RunRecord` that hold facts as they came: whose, and whether all of them.

    A field is a tuple of the facts of one class, or the last of them.
    """
    found = {}
    for name, hint in typing.get_type_hints(RunRecord).items():
        for kind in typing.get_args(hint):
            if hasattr(kind, "frame_type"):
                found[name] = kind, typing.get_origin(hint) is tuple
    return found


_FIELDS = _fields()
# those, what the record has in other words, and what only whoever hears of it keeps
_SENT: list[type[Any]] = [*(kind for kind, _ in _FIELDS.values()), Sightings, Recorded]
_KINDS: dict[int, type[Any]] = {kind.frame_type: kind for kind in _SENT}


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
        seen = seen_in(self._all(Sightings))
        unread = (Damage(0, 0, seen.problem),) if seen.problem else ()
        return RunRecord(
            plan=plan,
            accel=accel,
            ending=ending,
            console=console,
            **self._as_they_came(),
            ran_under=seen.ran_under,
            idleness=seen.idleness,
            holds=seen.holds,
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
        cls = _KINDS.get(frame.type)
        if cls is None:
            self._unknown += 1
            return None
        try:
            fact: Fact = decode(cls, frame.body)
        except UsageError as error:
            self._damages.append(Damage(frame.offset, 0, str(error)))
            return None
        return fact

    def _as_they_came(self) -> dict[str, Any]:
        return {
            name: self._all(kind) if every else self._last(kind)
            for name, (kind, every) in _FIELDS.items()
        }

    def _all(self, cls: type[Any]) -> tuple[Any, ...]:
        return tuple(fact for fact in self._facts if isinstance(fact, cls))

    def _last(self, cls: type[Any]) -> Any:
        found = self._all(cls)
        return found[-1] if found else None
