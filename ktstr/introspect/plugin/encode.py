# SPDX-License-Identifier: Apache-2.0
"""A watch as the bytes that the plugin reads: tools/qemu/probes/watch.h describes them, too.

All numbers are little-endian. A header, then the tables of reads, periods, probes, the probes'
predicates, and the programs of these, each with its size before it and filled up to 8 bytes.
"""

from __future__ import annotations

import struct

from ktstr.introspect.plugin.watch import (
    ABSOLUTE,
    EACH_CPU,
    MOST_OFFSETS,
    NUMBERS,
    POINTED_CPU,
    REGISTERS,
    Probe,
    Read,
    Watch,
    When,
)

MAGIC = b"KTSTRWAT"
# Of the plugin and this module: a plugin of another version refuses the watch.
VERSION = 5

HEADER = struct.Struct("<8sIIIIQQQQQQQQQQQIHHHHI")
_READ = struct.Struct(f"<BBHIII{MOST_OFFSETS}q")
_PERIOD = struct.Struct("<QHHI")
_PROBE = struct.Struct("<QQQQIIHHHHHHHH")
_PREDICATE_OF_PROBE = struct.Struct("<H")
_PROGRAM = struct.Struct("<Q")

_NONE = 0xFFFF
_NO_LIMIT = (1 << 64) - 1
_RETURN, _REGISTERS, _STACK, _HOLD, _EVERY, _YIELDS, _LEARNS, _LEARNED = (1 << i for i in range(8))
_FORGETS, _CHANGES, _MARKS = 256, 512, 1024
_WALKS, _BEGINS, _BLOCKS = 2048, 4096, 8192
_BASES = {
    name: number
    for number, name in enumerate((*REGISTERS, ABSOLUTE, EACH_CPU, POINTED_CPU, *NUMBERS))
}


def encode(watch: Watch) -> bytes:
    """The watch for the plugin; equal watches give equal bytes."""
    periods = watch.periods()
    reads: dict[tuple[Read, ...], int] = {}
    for each in (*(probe.reads for probe in watch.probes), *((one.read,) for one in periods)):
        reads.setdefault(each, sum(map(len, reads)))
    evaluated = [number for probe in watch.probes for number in probe.predicates]
    body = b"".join(_read(read) for each in reads for read in each)
    body += b"".join(_PERIOD.pack(one.least, reads[(one.read,)], 0, 0) for one in periods)
    first = 0
    for probe in watch.probes:
        period = periods.index(probe.period) if probe.period else _NONE
        body += _probe(probe, reads[probe.reads], period, first)
        first += len(probe.predicates)
    body += b"".join(map(_PREDICATE_OF_PROBE.pack, evaluated))
    body += bytes(-len(body) % 8)
    body += b"".join(_program(program) for program in watch.predicates)
    return _header(watch, sum(map(len, reads)), len(periods), len(evaluated), len(body)) + body


def _header(watch: Watch, reads: int, periods: int, evaluated: int, body: int) -> bytes:
    kernel = watch.kernel
    return HEADER.pack(
        MAGIC,
        VERSION,
        HEADER.size + body,
        watch.cpus,
        watch.failures,
        kernel.per_cpu_offset,
        kernel.cpu_number,
        kernel.current_task,
        kernel.task_stack,
        kernel.stack_bytes,
        kernel.image.start,
        kernel.image.stop,
        kernel.phys_base,
        kernel.page_offset,
        watch.most_bytes,
        watch.reserve,
        round(watch.hold_s * 1000),
        reads,
        periods,
        len(watch.probes),
        len(watch.predicates),
        evaluated,
    )


def _read(read: Read) -> bytes:
    offsets = [_signed(each) for each in read.offsets]
    offsets += [0] * (MOST_OFFSETS - len(offsets))
    return _READ.pack(
        _BASES[read.base], len(read.offsets), read.times, read.size, read.array, 0, *offsets
    )


def _signed(offset: int) -> int:
    """An address of the kernel is taken as the negative number that it is in 64 bits."""
    return offset - (1 << 64) if offset >= 1 << 63 else offset


def _probe(probe: Probe, reads: int, period: int, predicates: int) -> bytes:
    flags = _RETURN * (probe.when is When.RETURN) | _REGISTERS * probe.registers
    flags |= _STACK * probe.stack | _HOLD * probe.hold | _EVERY * probe.every
    flags |= _YIELDS * probe.yields | _LEARNS * probe.learns | _LEARNED * probe.learned
    flags |= _FORGETS * probe.forgets | _CHANGES * probe.changes | _MARKS * probe.marks
    flags |= _BEGINS * probe.begins | _WALKS * probe.walks | _BLOCKS * probe.blocks
    return _PROBE.pack(
        probe.address,
        probe.end - 1,
        _NO_LIMIT if probe.limit is None else probe.limit,
        probe.skip,
        flags,
        0,
        reads,
        len(probe.reads),
        period,
        predicates,
        len(probe.predicates),
        0 if probe.area is None else probe.area + 1,
        *probe.phases,
    )


def _program(program: bytes) -> bytes:
    return _PROGRAM.pack(len(program)) + program + bytes(-len(program) % 8)
