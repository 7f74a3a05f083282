# SPDX-License-Identifier: Apache-2.0
"""tools/qemu/predicate.c as a shared object, called with a memory of Python's."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from ktstr.introspect.invariants.program import End, Look, Outcome, Program, signed
from ktstr.introspect.memory.memory import MemoryFault

_LOCALS, _TERMS, _BLOCKS, _ARENA = 16, 16, 32, 1 << 16
_READ = ctypes.CFUNCTYPE(
    ctypes.c_bool, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_uint32
)
_FIND = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32)


class _Program(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_void_p),
        ("constants", ctypes.c_void_p),
        ("instructions", ctypes.c_uint),
        ("constant_count", ctypes.c_uint),
        ("terms", ctypes.c_uint),
        ("registers", ctypes.c_uint16),
    )


class _Block(ctypes.Structure):
    _fields_ = (
        ("address", ctypes.c_uint64),
        ("bytes", ctypes.c_void_p),
        ("size", ctypes.c_uint32),
    )


class _Look(ctypes.Structure):
    _fields_ = (
        ("find", _FIND),
        ("read", _READ),
        ("context", ctypes.c_void_p),
        ("registers", ctypes.c_uint64 * 16),
        ("result", ctypes.c_uint64),
        ("per_cpu", ctypes.POINTER(ctypes.c_uint64)),
        ("cpus", ctypes.c_uint),
        ("cpu", ctypes.c_uint),
        ("term", ctypes.c_int64 * _TERMS),
        ("name", ctypes.c_int64 * 16),
        ("bound", ctypes.c_uint),
        ("blocks", ctypes.c_uint),
        ("last", ctypes.c_uint),
        ("forgotten", ctypes.c_uint),
        ("used", ctypes.c_uint32),
        ("block", _Block * _BLOCKS),
        ("arena", ctypes.c_uint8 * _ARENA),
    )


class Native:
    """The interpreter in C."""

    def __init__(self, library: Path | None = None) -> None:
        path = library or Path(os.environ["KTSTR_PREDICATE_LIBRARY"])
        self._library = ctypes.CDLL(str(path.absolute()))
        self._library.predicate_load.restype = ctypes.c_bool

    def loads(self, data: bytes) -> bool:
        return bool(
            self._library.predicate_load(
                ctypes.byref(_Program()), ctypes.c_char_p(data), ctypes.c_size_t(len(data))
            )
        )

    def evaluate(self, program: Program, look: Look, *, finds: bool = False) -> Outcome:
        (outcome,) = self.evaluate_all([program], look, finds=finds)
        return outcome

    def evaluate_all(
        self, programs: list[Program], look: Look, *, finds: bool = False
    ) -> list[Outcome]:
        """All of them at one instant, what is read kept between them.

        finds: whether it is told where memory lies, so that it reads there.
        """
        found: list[ctypes.Array[ctypes.c_char]] = []

        def read(_: int, address: int, to: int, size: int) -> bool:
            try:
                data = look.memory.read(address, size)
            except MemoryFault:
                return False
            ctypes.memmove(to, data, size)
            return True

        def find(_: int, address: int, size: int) -> int | None:
            try:
                data = look.memory.read(address, size)
            except MemoryFault:
                return None
            found.append(ctypes.create_string_buffer(data, size))
            return ctypes.addressof(found[-1])

        native = _Look(read=_READ(read), result=look.result & (1 << 64) - 1)
        if finds:
            native.find = _FIND(find)
        for number, value in enumerate(look.registers):
            native.registers[number] = value & (1 << 64) - 1
        per_cpu = (ctypes.c_uint64 * max(1, len(look.per_cpu)))(*look.per_cpu)
        native.per_cpu, native.cpus, native.cpu = per_cpu, len(look.per_cpu), look.cpu
        self._library.predicate_begin(ctypes.byref(native))
        outcomes = []
        for program in programs:
            data, loaded = program.encode(), _Program()
            if not self._library.predicate_load(
                ctypes.byref(loaded), ctypes.c_char_p(data), ctypes.c_size_t(len(data))
            ):
                raise ValueError("predicate.c takes this for no program")
            end = self._library.predicate_run(ctypes.byref(loaded), ctypes.byref(native))
            terms = tuple(signed(native.term[i]) for i in range(program.terms))
            outcomes.append(Outcome(End(end), terms))
        return outcomes
