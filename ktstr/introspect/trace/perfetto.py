# SPDX-License-Identifier: Apache-2.0
"""Decisions as a trace for Perfetto: who ran on which CPU, each task's states, depths of queues.

The format is that of perfetto's protos/perfetto/trace/perfetto_trace.proto, a protobuf; fields are
written by their numbers there. Switches and wake-ups are the kernel's own events (ftrace), of which
Perfetto makes its tracks of CPUs and threads; callbacks of schedulers are slices on a track of each
CPU, depths of dispatch queues are counters.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from ktstr.introspect.trace.events import Decisions, Event, Value

_BOOTTIME, _MONOTONIC = 6, 3
_SEQUENCE, _STATE_CLEARED = 1, 1
_BUNDLE = 512
_SLICE_BEGIN, _SLICE_END, _INSTANT, _COUNTER = 1, 2, 3, 4
_OP_TRACKS, _DSQ_TRACKS = 1 << 32, 2 << 32
# Events that the kernel has, too.
_OF_KERNEL = frozenset({"switch", "waking", "wakeup", "new", "migrate"})
# Trace.packet; fields of TracePacket
_PACKET = 1
_FTRACE, _CLOCKS, _TIME, _BY, _EVENT, _FLAGS, _TRACK = 1, 6, 8, 10, 11, 13, 60
# numbers of states as the kernel's own event has them (include/trace/events/sched.h)
_STATES = {"R": 0, "S": 1, "D": 2, "T": 4, "t": 8, "X": 16, "Z": 32, "P": 64, "I": 128}


def perfetto(decisions: Decisions) -> Iterator[bytes]:
    """The file's bytes, in pieces."""
    yield _packet(_message(_CLOCKS, _clocks()))
    pending: list[list[bytes]] = [[] for _ in range(decisions.cpus)]
    tracks: set[int] = set()
    numbers: dict[str, int] = {}
    for event in decisions.events:
        kernel = _of_kernel(event) if event.what in _OF_KERNEL else b""
        if kernel and event.cpu < decisions.cpus:
            pending[event.cpu].append(_message(2, kernel))
            if len(pending[event.cpu]) == _BUNDLE:
                yield _bundle(event.cpu, pending[event.cpu])
        elif event.what == "op":
            yield from _op(event, tracks)
        elif event.what in ("dsq_insert", "dsq_remove"):
            yield from _depth(event, tracks, numbers)
    for cpu, events in enumerate(pending):
        if events:
            yield _bundle(cpu, events)


def _of_kernel(event: Event) -> bytes:
    """The event as one of ftrace; empty for those that are none."""
    row = event.row
    match event.what:
        case "switch":
            prev, prev_comm, prev_prio, next_pid, next_comm, next_prio, _, state = row
            fields = _text(1, prev_comm) + _number(2, prev) + _number(3, prev_prio)
            fields += _number(4, _STATES.get(str(state), 0)) + _text(5, next_comm)
            number, by, body = 4, prev, fields + _number(6, next_pid) + _number(7, next_prio)
        case "waking":
            pid, comm, by = row
            number, body = 20, _text(1, comm) + _number(2, pid) + _number(4, 1)
        case "wakeup":
            pid, comm, prio, target = row
            body = _text(1, comm) + _number(2, pid) + _number(3, prio) + _number(4, 1)
            number, by, body = 17, 0, body + _number(5, target)
        case "new":
            pid, comm, by = row
            number, body = 114, _text(1, comm) + _number(2, pid) + _number(4, 1)
        case "migrate":
            pid, comm, prio, source, target = row
            body = _text(1, comm) + _number(2, pid) + _number(3, prio)
            number, by, body = 491, 0, body + _number(4, source) + _number(5, target)
        case _:
            return b""
    return _number(1, event.at_ns) + _number(2, by) + _message(number, body)


def _bundle(cpu: int, events: list[bytes]) -> bytes:
    packet = _packet(_message(_FTRACE, _number(1, cpu) + b"".join(events)))
    events.clear()
    return packet


def _op(event: Event, tracks: set[int]) -> Iterator[bytes]:
    values = event.values
    track = _OP_TRACKS + event.cpu
    yield from _new_track(track, f"CPU {event.cpu} callbacks", b"", tracks)
    notes = b"".join(_note(name, value) for name, value in values.items() if name != "op")
    begins = _number(9, _SLICE_BEGIN) + _number(11, track) + _text(23, values["op"]) + notes
    yield _timed(event.at_ns, begins)
    ends = _number(9, _SLICE_END) + _number(11, track)
    yield _timed(event.at_ns + int(values["took_ns"]), ends)


def _depth(event: Event, tracks: set[int], numbers: dict[str, int]) -> Iterator[bytes]:
    _, dsq, depth = event.row
    name = str(dsq)
    track = _DSQ_TRACKS + numbers.setdefault(name, len(numbers))
    yield from _new_track(track, f"DSQ {name} depth", _message(8, b""), tracks)
    counted = _number(9, _COUNTER) + _number(11, track) + _number(30, depth)
    yield _timed(event.at_ns, counted)


def _new_track(track: int, name: str, kind: bytes, tracks: set[int]) -> Iterator[bytes]:
    if track not in tracks:
        tracks.add(track)
        yield _packet(_message(_TRACK, _number(1, track) + _text(2, name) + kind))


def _note(name: str, value: Value) -> bytes:
    """A DebugAnnotation."""
    said = _text(6, value) if isinstance(value, str) else _number(4, value)
    return _message(4, _text(10, name) + said)


def _timed(at_ns: int, event: bytes) -> bytes:
    return _packet(_number(_TIME, at_ns) + _message(_EVENT, event))


def _packet(content: bytes) -> bytes:
    return _message(_PACKET, content + _number(_BY, _SEQUENCE))


def _clocks() -> bytes:
    """A ClockSnapshot: both clocks count alike, as no guest is suspended."""
    return b"".join(
        _message(1, _number(1, clock) + _number(2, 0)) for clock in (_BOOTTIME, _MONOTONIC)
    )


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


@functools.lru_cache(maxsize=4096)
def _text(field: int, text: Value) -> bytes:
    return _message(field, str(text).encode())


def _number(field: int, value: Value) -> bytes:
    return _varint(field << 3) + _varint(int(value) & (1 << 64) - 1)


def _varint(value: int) -> bytes:
    if value < 0x80:
        return _ONE[value]
    made = b""
    while value >> 14:
        made += _TWO[value & 0x3FFF]
        value >>= 14
    return made + (_ONE[value] if value < 0x80 else _LAST_TWO[value])


# The last byte of a number, its last two, and two with more behind them: 7 bits a byte.
_ONE = tuple(bytes((i,)) for i in range(0x80))
_LAST_TWO = tuple(bytes((i & 0x7F | 0x80, i >> 7)) for i in range(1 << 14))
_TWO = tuple(bytes((i & 0x7F | 0x80, i >> 7 | 0x80)) for i in range(1 << 14))
