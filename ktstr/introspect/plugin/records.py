# SPDX-License-Identifier: Apache-2.0
"""What the plugin saw: the memory that it shares with the host, decoded.

The plugin writes into a file that both have mapped, so that all of it is there however QEMU ends.
It has a header, counters, and records one behind the other; tools/qemu/probes/output.h describes
them, too. What is read here may be anything: a guest can make QEMU do much.
"""

from __future__ import annotations

import enum
import mmap
import struct
from array import array
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ktstr.introspect.plugin.text import c_text
from ktstr.introspect.plugin.watch import EACH_CPU, POINTED_CPU, REGISTERS, Probe, Watch
from ktstr.model.errors import InfraError

MAGIC = b"KTSTRREC"
VERSION = 1
_REASON_BYTES = 160

# magic, version, state, where records end, records lost, probes, predicates, reason
_HEADER = struct.Struct(f"<8sIIQQII{_REASON_BYTES}s")
# hits, records
_OF_PROBE = struct.Struct("<QQ")
# instants at which it held, failed, could not be told, and spoke of nothing
_OF_PREDICATE = struct.Struct("<QQQQ")
# bytes with this header, probe, CPU, number of the hit, reads that miss something, failed
# predicates, stacks
_RECORD = struct.Struct("<IHHQQHHI")
_REGISTERS = struct.Struct(f"<{len(REGISTERS)}Q")
# number, terms
_FAILED = struct.Struct("<HHI")
# pointer, bytes
_STACK = struct.Struct("<QII")
_ALIGNED = 8
# a block of code that ran: address, bytes, the page tables it ran by (cr3; 0 of the kernel)
BLOCK = struct.Struct("<QQQ")


Stream = bytes | mmap.mmap


class StreamError(InfraError):
    """What the plugin wrote cannot be read further."""


class State(enum.Enum):
    """How far the plugin came."""

    ABSENT = 0
    """It was not loaded, or ended before it could begin."""
    WATCHES = 1
    """QEMU was ended before it could end by itself; what is there is complete up to that."""
    ENDED = 2
    REFUSED = 3
    """It could not do what it was told, and did nothing."""


@dataclass(frozen=True)
class Stack:
    """The bytes from `pointer` on to the end of a stack, or as far as they could be read."""

    pointer: int
    data: bytes


@dataclass(frozen=True)
class Failed:
    """A predicate that did not hold: its number in the watch, and the terms that say why."""

    predicate: int
    terms: tuple[int, ...]


@dataclass(frozen=True)
class Record:
    """One look.

    Attributes:
      probe: its name.
      cpu: the guest's CPU that came to the probe.
      hit: how often any CPU had come to it, with this time.
      runs: one for each read, in order; of a read of each CPU, one for each CPU.
      missing: numbers of reads in which something could not be read, and is zero.
      registers: by their names; empty where none were asked for. At a RETURN as they are there.
      stacks: of the code that ran, and beside that of an interrupt the task's.
      failed: the predicates for whose failure this record was made.
    """

    probe: str
    cpu: int
    hit: int
    runs: tuple[bytes, ...] = ()
    missing: frozenset[int] = frozenset()
    registers: Mapping[str, int] = field(default_factory=dict)
    stacks: tuple[Stack, ...] = ()
    failed: tuple[Failed, ...] = ()


class Row(NamedTuple):
    """A record of many, as bytes alone: its probe, the CPU, and its runs one behind the other."""

    probe: str
    cpu: int
    data: bytes


@dataclass(frozen=True)
class ProbeCount:
    """How often a probe was come to, and how many records it made (the lost ones too)."""

    hits: int
    records: int


@dataclass(frozen=True)
class PredicateCount:
    """At how many instants a predicate held, failed, could not be told, and spoke of nothing."""

    held: int
    failed: int
    unknown: int
    idle: int


@dataclass(frozen=True)
class Seen:
    """What the plugin says of all that it did.

    Attributes:
      state: how far it came.
      reason: why it was REFUSED, or why it holds the guest no more; empty otherwise.
      lost: records for which there was no room.
      probes: by their names.
      predicates: by their numbers.
    """

    state: State
    reason: str = ""
    lost: int = 0
    probes: Mapping[str, ProbeCount] = field(default_factory=dict)
    predicates: tuple[PredicateCount, ...] = ()


def seen(watch: Watch, stream: Stream) -> Seen:
    """What the plugin says of a whole run; of a file that it never wrote, that it was ABSENT.

    Raises:
      StreamError: this is not what a plugin leaves that was told this watch.
    """
    head = _head(stream)
    if head is None:
        return Seen(State.ABSENT)
    known, lost, probes, predicates, reason = head
    said = c_text(reason)
    if known is State.REFUSED:
        return Seen(known, said, lost)
    _check_counts(watch, probes, predicates)
    at = _HEADER.size
    counts = {}
    for probe in watch.probes:
        counts[probe.name] = ProbeCount(*_unpack(_OF_PROBE, stream, at))
        at += _OF_PROBE.size
    of_predicates = []
    for _ in watch.predicates:
        of_predicates.append(PredicateCount(*_unpack(_OF_PREDICATE, stream, at)))
        at += _OF_PREDICATE.size
    return Seen(known, said, lost, counts, tuple(of_predicates))


def _head(stream: Stream) -> tuple[State, int, int, int, bytes] | None:
    """State, records lost, probes, predicates and reason; None of a file that was never written.

    Raises:
      StreamError: it is no plugin's.
    """
    if not any(stream[: _HEADER.size]):
        return None
    magic, version, state, _, lost, probes, predicates, reason = _unpack(_HEADER, stream, 0)
    if magic != MAGIC or version != VERSION:
        raise StreamError(
            f"the plugin's memory begins with {magic!r}, version {version}; this reads {MAGIC!r}, "
            f"version {VERSION}: is lib/probes.so of another build?"
        )
    try:
        known = State(state)
    except ValueError:
        raise StreamError(f"the plugin says it is in state {state}, which there is not") from None
    return known, lost, probes, predicates, reason


def _check_counts(watch: Watch, probes: int, predicates: int) -> None:
    if (probes, predicates) != (len(watch.probes), len(watch.predicates)):
        raise StreamError(
            f"the plugin had {probes} probes and {predicates} predicates; its watch has "
            f"{len(watch.probes)} and {len(watch.predicates)}"
        )


def decode(watch: Watch, stream: Stream, without: Collection[str] = ()) -> Iterator[Record]:
    """The records but those of some probes, in the order in which they were made.

    Raises:
      StreamError: what is there ends in the middle of a record, or is none. The records before
        have come.
    """
    skipped = {i for i, probe in enumerate(watch.probes) if probe.name in without}
    for at, size, number, _ in _walk(watch, stream):
        if number not in skipped:
            yield _record(watch, stream[at : at + size], at)


class Rows:
    """Records of probes, whose bytes stay where the plugin wrote them: where each is.

    They can be gone through while the stream is there, as often as is wanted.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._names: dict[str, int] = {}
        self._name, self._cpu, self._size = array("H"), array("H"), array("I")
        self._at = array("Q")

    def add(self, name: str, cpu: int, at: int, end: int) -> None:
        """The record's bytes are those from `at` to `end`."""
        self._name.append(self._names.setdefault(name, len(self._names)))
        self._cpu.append(cpu)
        self._at.append(at)
        self._size.append(end - at)

    def of(self, names: Mapping[str, str]) -> Rows:
        """Those of some probes, by the names that these are given."""
        found = Rows(self._stream)
        wanted = [names.get(name, "") for name in self._names]
        for name, cpu, at, size in zip(self._name, self._cpu, self._at, self._size, strict=True):
            if wanted[name]:
                found.add(wanted[name], cpu, at, at + size)
        return found

    def __len__(self) -> int:
        return len(self._at)

    def __iter__(self) -> Iterator[Row]:
        stream, names = self._stream, list(self._names)
        for name, cpu, at, size in zip(self._name, self._cpu, self._at, self._size, strict=True):
            yield Row(names[name], cpu, stream[at : at + size])


def rows(watch: Watch, stream: Stream, probes: Collection[str], found: Rows) -> None:
    """Adds the records of these probes alone, as rows: quicker where there are very many.

    Raises:
      StreamError: as of `decode`.
    """
    ends = {
        i: (probe.name, _RECORD.size + sum(run_sizes(watch, probe)))
        for i, probe in enumerate(watch.probes)
        if probe.name in probes
    }
    for at, size, number, cpu in _walk(watch, stream):
        known = ends.get(number)
        if known is None:
            continue
        name, end = known
        if end > size or cpu >= watch.cpus:
            raise StreamError(f"the record of {name} at byte {at} has {size} bytes, on CPU {cpu}")
        found.add(name, cpu, at + _RECORD.size, at + end)


def _walk(watch: Watch, stream: Stream) -> Iterator[tuple[int, int, int, int]]:
    """Each record: where it begins, how long it is, the number of its probe, its CPU."""
    head = _head(stream)
    if head is None or head[0] in (State.ABSENT, State.REFUSED):
        return
    _check_counts(watch, head[2], head[3])
    end = _unpack(_HEADER, stream, 0)[3]
    at = records_at(watch)
    if not at <= end <= len(stream):
        raise StreamError(f"records from byte {at} to {end} are said to be in {len(stream)} bytes")
    while at < end:
        size, number, cpu = _unpack(_RECORD, stream, at)[:3]
        if not _RECORD.size <= size <= end - at or size % _ALIGNED:
            raise StreamError(f"a record of {size} bytes at byte {at}, of {end}")
        yield at, size, number, cpu
        at += size


def records_at(watch: Watch) -> int:
    """Where in the stream the records begin."""
    counters = len(watch.probes) * _OF_PROBE.size + len(watch.predicates) * _OF_PREDICATE.size
    return _HEADER.size + counters


def _record(watch: Watch, data: bytes, where: int) -> Record:
    _, number, cpu, hit, missing, failures, stacks, _ = _RECORD.unpack_from(data)
    if number >= len(watch.probes) or cpu >= watch.cpus:
        raise StreamError(f"a record at byte {where} is of probe {number} on CPU {cpu}")
    probe = watch.probes[number]
    try:
        rest = _Rest(data, _RECORD.size)
        runs = tuple(rest.take(size) for size in run_sizes(watch, probe))
        values = rest.unpack(_REGISTERS) if probe.registers else ()
        failed = []
        for _ in range(failures):
            predicate, terms, _ = rest.unpack(_FAILED)
            failed.append(Failed(predicate, rest.unpack(struct.Struct(f"<{terms}q"))))
        stretches = []
        for _ in range(stacks):
            pointer, size, _ = rest.unpack(_STACK)
            stretches.append(Stack(pointer, rest.take(size)))
    except StreamError as error:
        raise StreamError(f"the record of {probe.name} at byte {where}: {error}") from None
    if any(each.predicate not in probe.predicates for each in failed):
        raise StreamError(f"the record of {probe.name} at byte {where} is of another's predicates")
    return Record(
        probe.name,
        cpu,
        hit,
        runs,
        frozenset(i for i in range(len(probe.reads)) if missing >> i & 1),
        dict(zip(REGISTERS, values, strict=False)),
        tuple(stretches),
        tuple(failed),
    )


def run_sizes(watch: Watch, probe: Probe) -> Iterator[int]:
    """Bytes of each run of a probe's records."""
    if probe.blocks:
        yield BLOCK.size
        return
    for read in probe.reads:
        runs = watch.cpus if read.base in (EACH_CPU, POINTED_CPU) else 1
        yield from [read.size * read.times] * runs


class _Rest:
    """Bytes of which each is taken once."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at

    def take(self, size: int) -> bytes:
        if size > len(self._data) - self._at:
            raise StreamError(f"{size} bytes are to follow byte {self._at} of {len(self._data)}")
        self._at += size
        return self._data[self._at - size : self._at]

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        return layout.unpack(self.take(layout.size))


def _unpack(layout: struct.Struct, stream: Stream, at: int) -> tuple[Any, ...]:
    if at + layout.size > len(stream):
        raise StreamError(f"{layout.size} bytes are to be at byte {at} of {len(stream)}")
    return layout.unpack_from(stream, at)
