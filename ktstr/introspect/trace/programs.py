# SPDX-License-Identifier: Apache-2.0
"""The BPF programs of schedulers: where they lie, and which callback each is.

A program's place is learned when the kernel gives it a name, before it first runs, and forgotten
when that is taken (bpf_prog_kallsyms_add, bpf_prog_kallsyms_del of kernel/bpf/core.c).
`expected_attach_type` of one that implements a struct's callbacks is the callback's number in the
struct (kernel/bpf/verifier.c: check_struct_ops_btf_id).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.text import c_text
from ktstr.introspect.plugin.watch import BEGAN, NOW, TOOK, Probe, Read, When
from ktstr.introspect.trace.functions import Function, Op, function_of, ops_of

LEARNS, FORGETS, CALLED = "program", "gone", "called"
OF_PROGRAMS = frozenset({LEARNS, FORGETS, CALLED})
# What a program gets is a pointer to its arguments, of which so many are kept.
_ARGUMENTS = 4
_STRUCT_OPS = "BPF_PROG_TYPE_STRUCT_OPS"
# all bits: of a call that ended on another vCPU
_NOT_COUNTED = (1 << 64) - 1
_GONE = struct.Struct("<QI")
_CALL = struct.Struct(f"<QQQQ{_ARGUMENTS}Qii")
_COSTLY_CALL = struct.Struct(f"<QQQQ{_ARGUMENTS}QiiQ")


@dataclass(frozen=True)
class Program:
    """A program of a scheduler: its place, the callback that it is, its own name.

    sleeps: whether it may sleep, so that others run until it returns.
    """

    place: range
    op: Op
    name: str
    sleeps: bool


@dataclass(frozen=True)
class Call:
    """A call of a scheduler's program that has returned.

    began_ns, ended_ns: of virtual time.  result: None of a callback that returns nothing.
    tasks: pids of those among the arguments that are tasks, by the arguments' names.
    instructions: of the kernel, that its vCPU ran meanwhile; None where nobody counted, or others
    may have run.
    """

    program: Program
    cpu: int
    began_ns: int
    ended_ns: int
    arguments: dict[str, int]
    tasks: dict[str, int]
    result: int | None
    instructions: int | None = None


class Programs:
    """Of one kernel: the probes that find programs, and what their records say, in order."""

    def __init__(self, kernel: Kernel, *, costs: bool) -> None:
        self._ops = ops_of(kernel)
        self._known: list[Program] = []
        self._layout = _COSTLY_CALL if costs else _CALL
        self.probes: tuple[Probe, ...] = ()
        self.lack = "the kernel has no sched_ext"
        function = function_of(kernel, ("bpf_prog_kallsyms_add",), {"fp"})
        if isinstance(function, str):
            self.lack = function
        elif self._ops:
            self.lack = ""
            self._sleeps = kernel.field("bpf_prog", "sleepable")
            self._told = struct.Struct(f"<QIIII16s{self._sleeps.size}s")
            self._type = kernel.enumerator("bpf_prog_type", _STRUCT_OPS)
            self.probes = (*_probes(kernel, function, costs), *_forgetting(kernel))

    def take(self, probe: str, cpu: int, data: bytes) -> Call | None:
        """The call that a record is of; None where it only told of a program, or of no op."""
        if probe == FORGETS:
            self._forget(*_GONE.unpack(data))
            return None
        if probe == LEARNS:
            self._learn(*self._told.unpack(data))
            return None
        now, began, where, result, *rest = self._layout.unpack(data)
        program = next((each for each in reversed(self._known) if where in each.place), None)
        if program is None:
            return None
        op = program.op
        pids = dict(zip(range(2), rest[_ARGUMENTS : _ARGUMENTS + 2], strict=False))
        named = dict(zip(op.arguments, rest[:_ARGUMENTS], strict=False))
        there = [i for i in op.tasks if i in pids and named.get(op.arguments[i])]
        tasks = {op.arguments[i]: pids[i] for i in there}
        return Call(
            program,
            cpu,
            began,
            now,
            {name: value for i, (name, value) in enumerate(named.items()) if i not in op.tasks},
            tasks,
            _signed(result) if op.returns else None,
            self._cost(program, rest[-1]),
        )

    def _forget(self, at: int, size: int) -> None:
        self._known = [
            each for each in self._known if each.place.stop <= at or at + size <= each.place.start
        ]

    def _cost(self, program: Program, counted: int) -> int | None:
        known = self._layout is _COSTLY_CALL and not program.sleeps and counted != _NOT_COUNTED
        return counted if known else None

    def _learn(
        self, at: int, size: int, kind: int, number: int, nth: int, name: bytes, flags: bytes
    ) -> None:
        place = range(at, at + size)
        self._forget(at, size)
        if kind == self._type and nth == 0 and number in self._ops:
            text = c_text(name)
            sleeps = int.from_bytes(flags, "little") >> self._sleeps.bit_offset & 1
            self._known.append(Program(place, self._ops[number], text, bool(sleeps)))


def _probes(kernel: Kernel, function: Function, costs: bool) -> tuple[Probe, ...]:
    prog, aux = function.arguments["fp"], kernel.field("bpf_prog", "aux").offset
    names = ("bpf_func", "jited_len", "type", "expected_attach_type")
    told = (
        *_told(kernel, function, names),
        Read(prog, (aux, kernel.field("bpf_prog_aux", "func_idx").offset), 4),
        Read(prog, (aux, kernel.field("bpf_prog_aux", "name").offset), 16),
        *_told(kernel, function, ("sleepable",)),
    )
    pid = kernel.field("task_struct", "pid").offset
    called = [
        Read(NOW, (), 8),
        Read(BEGAN, (), 8),
        Read("rip", (), 8),
        Read("rax", (), 8),
        Read("rdi", (0,), 8 * _ARGUMENTS),
        Read("rdi", (0, pid), 4),
        Read("rdi", (8, pid), 4),
    ]
    if costs:
        called.append(Read(TOOK, (), 8))
    place = function.place
    return (
        Probe(LEARNS, place.start, place.stop, reads=told, learns=True),
        Probe(
            CALLED,
            place.start,
            place.stop,
            When.RETURN,
            tuple(called),
            yields=True,
            learned=True,
        ),
    )


def _forgetting(kernel: Kernel) -> Iterator[Probe]:
    function = function_of(kernel, ("bpf_prog_kallsyms_del",), {"fp"})
    if not isinstance(function, str):
        place, told = function.place, tuple(_told(kernel, function, ("bpf_func", "jited_len")))
        yield Probe(FORGETS, place.start, place.stop, reads=told, forgets=True)


def _told(kernel: Kernel, function: Function, names: tuple[str, ...]) -> Iterator[Read]:
    for name in names:
        field = kernel.field("bpf_prog", name)
        yield Read(function.arguments["fp"], (field.offset,), field.size)


def _signed(result: int) -> int:
    """A callback's result is a number of 32 bits, or a bool, in the low half of the register."""
    low = result & 0xFFFFFFFF
    return low - (1 << 32) if low >> 31 else low
