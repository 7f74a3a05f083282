# SPDX-License-Identifier: Apache-2.0
"""Streams as QEMU's plugin writes them, made of records, and watches drawn at random."""

from __future__ import annotations

import struct
from dataclasses import replace

from hypothesis import strategies as st

from ktstr.introspect.plugin.records import Failed, Record, Stack
from ktstr.introspect.plugin.watch import (
    ABSOLUTE,
    EACH_CPU,
    MOST_PHASE,
    NUMBERS,
    POINTED_CPU,
    REGISTERS,
    KernelFacts,
    Period,
    Probe,
    Read,
    Watch,
    When,
)

TEXT = 0xFFFFFFFF81000000
KERNEL = KernelFacts(0xFFFFFFFF82000000, 0x30, 0x28, 32)
WATCHES, ENDED, REFUSED = 1, 2, 3


def header(watch: Watch, state: int, end: int, *, lost: int = 0, reason: str = "") -> bytes:
    """The header of tools/qemu/probes/output.h."""
    counts = len(watch.probes), len(watch.predicates)
    return struct.pack("<8sIIQQII160s", b"KTSTRREC", 1, state, end, lost, *counts, reason.encode())


def stream(
    watch: Watch, *records: Record, state: int = ENDED, lost: int = 0, reason: str = ""
) -> bytes:
    """What a plugin leaves that made these records; each probe was come to ten times."""
    numbers = {probe.name: number for number, probe in enumerate(watch.probes)}
    made = [sum(each.probe == probe.name for each in records) for probe in watch.probes]
    body = b"".join(struct.pack("<QQ", 10, count) for count in made)
    body += b"".join(struct.pack("<QQQQ", 7, 3, 2, 1) for _ in watch.predicates)
    body += b"".join(_record(numbers[each.probe], each) for each in records)
    head = header(watch, state, 0, lost=lost, reason=reason)
    end = len(head) + len(body)
    return header(watch, state, end, lost=lost, reason=reason) + body


def _record(number: int, record: Record) -> bytes:
    body = b"".join(record.runs) + b"".join(
        struct.pack("<Q", record.registers[name]) for name in REGISTERS if record.registers
    )
    for each in record.failed:
        terms = len(each.terms)
        body += struct.pack(f"<HHI{terms}q", each.predicate, terms, 0, *each.terms)
    for stack in record.stacks:
        body += struct.pack("<QII", stack.pointer, len(stack.data), 0) + stack.data
    body += bytes(-len(body) % 8)
    missing = sum(1 << each for each in record.missing)
    counts = len(record.failed), len(record.stacks), 0
    size = 32 + len(body)
    return struct.pack("<IHHQQHHI", size, number, record.cpu, record.hit, missing, *counts) + body


_offsets = st.integers(-64, 1 << 20)
_one = st.builds(
    Read,
    st.sampled_from((*REGISTERS[:8], ABSOLUTE, EACH_CPU)),
    st.lists(_offsets, min_size=1, max_size=6).map(tuple),
    st.integers(1, 24),
)
_many = st.builds(
    Read,
    st.sampled_from((ABSOLUTE, POINTED_CPU)),
    st.tuples(_offsets, _offsets, _offsets),
    st.integers(1, 9),
    st.integers(1, 4),
)
_numbers = st.builds(Read, st.sampled_from((*NUMBERS, "rip")), st.just(()), st.just(8))
_reads = _one | _many | _numbers
_clocks = st.builds(Read, st.just("rdi"), st.just((8,)), st.just(8)) | st.just(Read("now", (), 8))
_periods = st.builds(Period, _clocks, st.just(4))


_phases = st.integers(0, 2).flatmap(
    lambda first: st.tuples(st.just(first), st.integers(first, MOST_PHASE))
)
_changes = st.builds(
    lambda place, size, hold: Probe(
        "changes", place[0], place[0] + size, changes=True, area=place[1], hold=hold, phases=(1, 2)
    ),
    st.sampled_from(((TEXT, None), (0x30, 0))),
    st.integers(1, 8),
    st.booleans(),
)


@st.composite
def watches(draw: st.DrawFn) -> Watch:
    """Watches of all that there is."""
    predicates = tuple(draw(st.lists(st.binary(max_size=20), max_size=3)))
    numbers = (
        st.lists(st.integers(0, len(predicates) - 1), max_size=3) if predicates else st.just([])
    )
    probes = [
        Probe(
            name=f"probe{number}",
            address=TEXT + 64 * number,
            end=TEXT + 64 * number + draw(st.integers(1, 64)),
            when=draw(st.sampled_from(When)),
            reads=tuple(draw(st.lists(_reads, max_size=3))),
            period=draw(st.none() | _periods),
            registers=draw(st.booleans()),
            stack=draw(st.booleans()),
            predicates=tuple(draw(numbers)),
            hold=draw(st.booleans()),
            limit=draw(st.none() | st.integers(0, 9)),
            skip=draw(st.integers(0, 9)),
            phases=draw(_phases),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    if draw(st.booleans()):
        probes.append(draw(_changes))
    if draw(st.booleans()):
        probes.append(replace(probes[0], name="marks", reads=(Read("rdi", (), 8),), marks=True))
    return Watch(draw(st.integers(1, 3)), KERNEL, tuple(probes), predicates)


@st.composite
def records(draw: st.DrawFn, watch: Watch) -> Record:
    """A record that a watch can make."""
    probe = draw(st.sampled_from(watch.probes))
    sizes = [
        read.size * read.times
        for read in probe.reads
        for _ in range(watch.cpus if read.base in (EACH_CPU, POINTED_CPU) else 1)
    ]
    words = st.integers(0, (1 << 64) - 1)
    terms = st.lists(st.integers(-(1 << 63), (1 << 63) - 1), max_size=3).map(tuple)
    failed = st.sampled_from(probe.predicates) if probe.predicates else st.nothing()
    return Record(
        probe.name,
        draw(st.integers(0, watch.cpus - 1)),
        draw(words),
        tuple(draw(st.binary(min_size=size, max_size=size)) for size in sizes),
        frozenset(draw(st.sets(st.integers(0, len(probe.reads) - 1))))
        if probe.reads
        else frozenset(),
        {name: draw(words) for name in REGISTERS} if probe.registers else {},
        tuple(draw(st.lists(st.builds(Stack, words, st.binary(max_size=20)), max_size=2))),
        tuple(draw(st.lists(st.builds(Failed, failed, terms), max_size=2))),
    )
