# SPDX-License-Identifier: Apache-2.0
"""The phases and moments of a run on the guest's clock."""

from __future__ import annotations

from ktstr.judge.run.payloads import payload_name
from ktstr.model.facts import Event
from ktstr.model.payload import PayloadEnd
from ktstr.model.scenario.background import step_label
from ktstr.model.wire.events import EventName
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.characters import encodable


def timeline(run: RunRecord) -> result_pb2.Timeline:
    """All that has a time; phases and moments are each in the order of their (first) time."""
    phases = _schedulers(run) + _scenarios(run) + _steps(run.events) + _payloads(run)
    moments = [_moment(event) for event in run.events]
    for life in run.schedulers:
        if life.attached_ns is not None:
            moments.append(result_pb2.Timeline.Moment(at_ns=life.attached_ns, name="attached"))
        if life.enabled_ns is not None:
            moments.append(result_pb2.Timeline.Moment(at_ns=life.enabled_ns, name="enabled"))
        if life.ended_ns is not None:
            moments.append(result_pb2.Timeline.Moment(at_ns=life.ended_ns, name="scheduler_end"))
    if run.end is not None:
        moments.append(result_pb2.Timeline.Moment(at_ns=run.end.at_ns, name="end"))
    # of two phases that begin together, the longer one is around the other
    phases.sort(key=lambda phase: (phase.start_ns, -_end(phase)))
    moments.sort(key=lambda moment: moment.at_ns)
    return result_pb2.Timeline(phases=phases, moments=moments)


def _steps(events: tuple[Event, ...]) -> list[result_pb2.Timeline.Phase]:
    found: list[result_pb2.Timeline.Phase] = []
    open_steps: dict[int, result_pb2.Timeline.Phase] = {}
    for event in events:
        if event.step is None:
            continue
        if event.name == EventName.STEP_START:
            name = step_label(event.step, event.detail)
            phase = result_pb2.Timeline.Phase(name=encodable(name), start_ns=event.at_ns)
            open_steps[event.step] = phase
            found.append(phase)
        elif event.name == EventName.STEP_END and event.step in open_steps:
            open_steps.pop(event.step).end_ns = event.at_ns
    return found


def _payloads(run: RunRecord) -> list[result_pb2.Timeline.Phase]:
    return [
        result_pb2.Timeline.Phase(
            name=encodable(payload_name(facts)), start_ns=facts.started_ns, end_ns=facts.ended_ns
        )
        for facts in run.payloads
        if facts.end is not PayloadEnd.NOT_STARTED
    ]


def _scenarios(run: RunRecord) -> list[result_pb2.Timeline.Phase]:
    reported = [
        result_pb2.Timeline.Phase(name="scenario", start_ns=facts.started_ns, end_ns=facts.ended_ns)
        for facts in run.scenarios
    ]
    starts = [event.at_ns for event in run.events if event.name == EventName.SCENARIO_START]
    # the last one may never have come to report itself
    unended = [
        result_pb2.Timeline.Phase(name="scenario", start_ns=at_ns)
        for at_ns in starts[len(reported) :]
    ]
    return reported + unended


def _schedulers(run: RunRecord) -> list[result_pb2.Timeline.Phase]:
    return [
        result_pb2.Timeline.Phase(
            name=encodable(f"scheduler {life.name}"),
            start_ns=life.began_ns,
            end_ns=life.ended_ns,
        )
        for life in run.schedulers
        if life.began_ns is not None
    ]


def _moment(event: Event) -> result_pb2.Timeline.Moment:
    return result_pb2.Timeline.Moment(
        at_ns=event.at_ns,
        name=encodable(event.name),
        step=event.step,
        detail=encodable(event.detail),
    )


def _end(phase: result_pb2.Timeline.Phase) -> int:
    return phase.end_ns if phase.HasField("end_ns") else 1 << 63
