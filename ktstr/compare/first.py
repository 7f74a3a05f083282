# SPDX-License-Identifier: Apache-2.0
"""From which event on two runs in virtual time differ."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from ktstr.result import result_pb2
from ktstr.result.characters import one_line

_DETAIL_CHARS = 60


@dataclass(frozen=True)
class _Event:
    """Something on the time line, of guest time."""

    at_ns: int
    name: str


def first_difference(base: result_pb2.Result, new: result_pb2.Result) -> str:
    """In words: the first event that differs, and the stretch between two that differs most."""
    olds, news = _events(base), _events(new)
    first = ""
    stretch, most = "", 0
    before = "the guest's start"
    shift = 0
    for was, now in itertools.zip_longest(olds, news):
        if was is None or now is None or was.name != now.name:
            told = f"{_name(was)} before, {_name(now)} now"
            first = first or told
            break
        moved = now.at_ns - was.at_ns
        if moved and not first:
            first = f"{was.name}, {_ms(moved)}"
        if abs(moved - shift) > abs(most):
            most = moved - shift
            stretch = f"{before} to {was.name}, {_ms(most)}"
        shift, before = moved, was.name
    if not first:
        return "all events are at the same instants: what happened between them differs"
    return f"first at {first}" + (f"; most from {stretch}" if stretch else "")


def _events(result: result_pb2.Result) -> list[_Event]:
    timeline = result.timeline
    found = [
        _Event(
            each.at_ns, _told(each.name, each.detail, each.step if each.HasField("step") else None)
        )
        for each in timeline.moments
    ]
    for phase in timeline.phases:
        found.append(_Event(phase.start_ns, f"the beginning of {one_line(phase.name)}"))
        if phase.HasField("end_ns"):
            found.append(_Event(phase.end_ns, f"the end of {one_line(phase.name)}"))
    return sorted(found, key=lambda each: each.at_ns)


def _told(name: str, detail: str, step: int | None) -> str:
    short = one_line(detail)
    if len(short) > _DETAIL_CHARS:
        short = f"{short[:_DETAIL_CHARS]}..."
    words = f"{one_line(name)} {short}".strip()
    return words if step is None else f"{words} of step {step}"


def _name(event: _Event | None) -> str:
    return "nothing" if event is None else event.name


def _ms(ns: int) -> str:
    return f"{ns / 1e6:+.3f} ms"
