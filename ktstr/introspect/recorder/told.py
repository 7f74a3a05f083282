# SPDX-License-Identifier: Apache-2.0
"""What a recorder has recorded, put together of its maps' elements."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ktstr.introspect.postmortem.programs import short
from ktstr.introspect.recorder import layout
from ktstr.introspect.recorder.layout import Entry, State, Stood, TaskEvent
from ktstr.model.errors import InfraError

STATE, TARGETS, RECORDS = "ktstr_state", "ktstr_targets", "ktstr_records"
STACKS, TASKS = "ktstr_stacks", "ktstr_tasks"
# what a program may have of code: an address that is further from its name is none of it
_LONGEST_PROGRAM = 1 << 16


class Element(NamedTuple):
    """An element of a map."""

    map: str
    key: int
    raw: bytes


@dataclass(frozen=True)
class Told:
    """All of it.

    stood: targets, by their numbers.  entries: by their own.  stacks: addresses, by numbers from 1
    on.  tasks: names and events, by pid.  name_of: names of code that is not the kernel's own.
    """

    state: State
    stood: Sequence[Stood] = ()
    entries: Sequence[Entry] = ()
    stacks: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    tasks: Mapping[int, tuple[str, tuple[TaskEvent, ...]]] = field(default_factory=dict)
    name_of: Callable[[int], str | None] = lambda _: None

    @property
    def last(self) -> Entry | None:
        """Where the recording ended by itself; None where it did not."""
        for each in reversed(self.entries):
            if self.state.ended and each.ticket == self.state.ended:
                return each
        return None


def told_of(elements: Iterable[Element], name_of: Callable[[int], str | None]) -> Told:
    """What these elements say.

    Raises:
        InfraError: they are no recorder's.
    """
    state: State | None = None
    stood: dict[int, Stood] = {}
    entries: list[Entry] = []
    stacks: dict[int, tuple[int, ...]] = {}
    tasks: dict[int, tuple[str, tuple[TaskEvent, ...]]] = {}
    for element in elements:
        match element.map:
            case "ktstr_state":
                state = layout.state_of(element.raw)
            case "ktstr_targets":
                stood[element.key] = layout.stood_of(element.raw)
            case "ktstr_records":
                entry = layout.entry_of(element.raw)
                entries += [entry] if entry is not None else []
            case "ktstr_stacks":
                stacks[element.key + 1] = layout.stack_of(element.raw)
            case "ktstr_tasks":
                pid, comm, events = layout.log_of(element.raw)
                tasks |= {pid: (comm, events)} if pid else {}
    if state is None:
        raise InfraError("the guest's recorder has left no state")
    entries.sort(key=lambda each: each.ticket)
    # what comes behind the last one had begun before it
    kept = [each for each in entries if not state.ended or each.ticket <= state.ended]
    return Told(state, [stood[i] for i in sorted(stood)], kept, stacks, tasks, name_of)


def told_by(lines: Iterable[bytes]) -> Told:
    """What the recorder's lines say.

    Raises:
        InfraError: they are no recorder's.
    """
    elements: list[Element] = []
    symbols: list[tuple[int, str]] = []
    for line in lines:
        try:
            said = json.loads(line)
            if "map" in said:
                name, key, raw = str(said["map"]), _number(said["key"]), str(said["raw"])
                elements.append(Element(name, key, bytes.fromhex(raw)))
            else:
                symbols.append((_number(said["address"]), short(str(said["symbol"]))))
        except (ValueError, KeyError, TypeError) as error:
            raise InfraError(f"the guest's recorder says {line[:60]!r}: {error!r}") from None
    return told_of(elements, _names(symbols))


def _number(said: object) -> int:
    if not isinstance(said, int):
        raise TypeError(f"{said!r} is no number")
    return said


def _names(symbols: list[tuple[int, str]]) -> Callable[[int], str | None]:
    """Names of addresses, as `name+0x12`."""
    symbols.sort()
    starts = [start for start, _ in symbols]

    def name_of(address: int) -> str | None:
        at = bisect_right(starts, address) - 1
        if at < 0 or address - starts[at] > _LONGEST_PROGRAM:
            return None
        return f"{symbols[at][1]}+{address - starts[at]:#x}"

    return name_of
