# SPDX-License-Identifier: Apache-2.0
"""Runs as they are saved: the stream of frames that a guest would have sent of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from ktstr.model.codec import decode, encode
from ktstr.model.plan import Plan
from ktstr.model.wire.frames import encode_frame
from ktstr.model.wire.witness import Idleness, Phase, RanUnder, Sightings
from ktstr.record.run import RunRecord

# the guest's part of a record, in the order in which it is sent here
_FIELDS = (
    "hello",
    "events",
    "workers",
    "cgroups",
    "schedulers",
    "scenarios",
    "test",
    "payloads",
    "disks",
    "samples",
    "samplers",
    "witness",
    "claims",
    "logs",
)


def sightings_of(run: RunRecord) -> Sightings:
    """What the witness saw, as its process says it (ktstr/sampler/sightings.c)."""
    seen: tuple[RanUnder | Idleness, ...] = (*run.ran_under, *run.idleness)
    spans = list(dict.fromkeys(Phase(each.step, each.started_ns, each.ended_ns) for each in seen))
    names = list(dict.fromkeys(each.cgroup for each in run.ran_under))
    phases = [spans.index(Phase(each.step, each.started_ns, each.ended_ns)) for each in seen]
    ran = len(run.ran_under)
    records: list[dict[str, Any]] = [
        {
            "cgroup": names.index(each.cgroup),
            "pid": each.pid or 0,
            "phase": phase,
            "samples": each.samples,
        }
        for each, phase in zip(run.ran_under, phases[:ran], strict=True)
    ]
    for each, phase in zip(run.idleness, phases[ran:], strict=True):
        records += [{**dataclasses.asdict(cpu), "phase": phase} for cpu in each.cpus]
    for hold in run.holds:
        found = dataclasses.asdict(hold)
        records.append({"held": found.pop("cpu"), "class": found.pop("sched_class"), **found})
    text = "\n".join(map(json.dumps, records))
    return Sightings(text, 0, tuple(spans), {str(at): name for at, name in enumerate(names)})


def sendable(run: RunRecord) -> RunRecord:
    """`run` as a guest could have sent it: all of it as JSON has it, and its frames counted."""
    run = dataclasses.replace(run, **{name: _sent(getattr(run, name)) for name in _FIELDS})
    plan, hello, end = Plan.from_json(run.plan.to_json()), run.hello, run.end
    if hello is not None and hello.plan_digest == run.plan.digest():
        hello = dataclasses.replace(hello, plan_digest=plan.digest())
    frames = len(list(_facts(run)))
    if end is not None:
        end = dataclasses.replace(end, frames=frames)
    return dataclasses.replace(run, plan=plan, hello=hello, end=end, frames_seen=frames)


def stream_of(run: RunRecord) -> bytes:
    """The bytes of frames.bin."""
    facts = list(_facts(run))
    if run.end is not None:
        facts.append(run.end)
    return b"".join(
        encode_frame(fact.frame_type, seq, encode(fact)) for seq, fact in enumerate(facts)
    )


def _sent(fact: Any) -> Any:
    if isinstance(fact, tuple):
        return tuple(map(_sent, fact))
    return None if fact is None else decode(type(fact), encode(fact))


def _facts(run: RunRecord) -> Iterator[Any]:
    for name in _FIELDS:
        found = getattr(run, name)
        for fact in found if isinstance(found, tuple) else (found,):
            if fact is not None:
                yield fact
    if run.ran_under or run.idleness or run.holds:
        yield sightings_of(run)
