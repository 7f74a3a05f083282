# SPDX-License-Identifier: Apache-2.0
"""What a failed run showed when it was played again, for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from ktstr.result import result_pb2
from ktstr.result.characters import one_line

_WIDTH = 98
_FRAMES_SHOWN = 24
_INDENT = "  "
# what `way` says of a second run in real time (ktstr/introspect/replay/page.py)
_PROGRAMS = "programs in the guest"


def replay_lines(found: result_pb2.Replay) -> list[str]:
    """The page: whom it is about, who had called whom, calls and events that led there."""
    if not found.failure:
        return []
    lines = list(_wrapped(_first(found)))
    if found.compared_by:
        lines += _wrapped(f"the two were compared by {one_line(found.compared_by)}")
    if not found.function:
        return lines + [f"not read: {one_line(each)}" for each in found.missing]
    place = f"CPU {found.cpu} stood at {one_line(found.function)}, in {one_line(found.stack_of)}."
    lines += [*_wrapped(place), *_wrapped(_whom(found))]
    lines += _section("called by, innermost first:", _stack(found.stack))
    others = f", {found.calls_left_out} more were seen" if found.calls_left_out else ""
    lines += _section(f"calls on the way{others}:", _calls(found))
    lines += _section(f"what became of {one_line(found.task)}[{found.pid}]:", _events(found))
    span = f"{found.changes_ns / 1e6:g} ms before"
    lines += _section(f"what has changed since a tick {span}:", map(one_line, found.changes))
    return lines + [f"not read: {one_line(each)}" for each in found.missing]


def _first(found: result_pb2.Replay) -> str:
    if not found.what:
        return one_line(found.problem)
    if found.way == _PROGRAMS:
        return _second_run(found)
    if found.again:
        words = f"played again: the {found.what} came again, at {_seconds(found.at_ns)}"
    else:
        words = f"played again: the {found.what} did not come again as it was"
    return f"{words}; {one_line(found.problem)}" if found.problem else words


def _second_run(found: result_pb2.Replay) -> str:
    """What the second run came to, beside what failed the first."""
    was, now = one_line(found.failure), one_line(found.second)
    if found.again:
        words = f"the {found.what} came again"
        words += "" if was == now else f", as: {now}; at first it was: {was}"
    elif found.second:
        words = f"another failure came: {now}; at first it was: {was}"
    elif found.problem:
        words = f"nobody knows whether the {found.what} would come again"
    else:
        words = f"the {found.what} did not come again, and nothing else failed"
    problem = f"; {one_line(found.problem)}" if found.problem else ""
    return f"second run in real time: {words}{problem}"


def _whom(found: result_pb2.Replay) -> str:
    if not found.task and not found.pid:
        return ""
    return f"it is about {one_line(found.task)}[{found.pid}]: {one_line(found.why)}"


def _stack(frames: Sequence[str]) -> Iterator[str]:
    yield from map(one_line, frames[:_FRAMES_SHOWN])
    if len(frames) > _FRAMES_SHOWN:
        yield f"and {len(frames) - _FRAMES_SHOWN} more"


def _calls(found: result_pb2.Replay) -> Iterator[str]:
    for call in found.calls:
        result = f" = {call.result}" if call.result else ""
        took = f", {_duration(call.took_ns)}" if call.HasField("took_ns") else ", not returned"
        words = f"{call.function}({', '.join(call.arguments)}){result}{took}"
        start = f"{_seconds(call.at_ns)} CPU {call.cpu} {_INDENT * call.depth}"
        inner = " " * len(start) + _INDENT
        yield from textwrap.wrap(
            start + one_line(words), _WIDTH, subsequent_indent=inner, break_on_hyphens=False
        )
        for change in call.changed:
            yield f"{inner}{one_line(change)}"


def _events(found: result_pb2.Replay) -> Iterator[str]:
    for each in found.events:
        yield f"{_seconds(each.at_ns)} CPU {each.cpu} {one_line(each.event)}"


def _section(title: str, lines: Iterator[str]) -> list[str]:
    inner = [_INDENT + line for line in lines]
    return [title, *inner] if inner else []


def _wrapped(words: str) -> list[str]:
    return textwrap.wrap(words, _WIDTH, subsequent_indent=_INDENT)


def _seconds(ns: int) -> str:
    return f"{ns // 10**9}.{ns % 10**9:09d} s"


def _duration(ns: int) -> str:
    return f"{ns / 1000:.1f} us"
