# SPDX-License-Identifier: Apache-2.0
"""Programs that say whether something holds in a kernel's memory: their bytes, and how they run.

A program is what tools/qemu/predicate.c runs inside QEMU: b"P", version, terms, 0, instructions
(u16), constants (u16), then instructions of 8 bytes {op u8, a u8, b u16, imm i32}, then constants
of 8 bytes, all little endian.  Values have 64 bits and wrap, comparisons are signed.  `evaluate`
does the same over a `Memory`, for snapshots and tests; a test holds the two equal.

A program always ends: an instruction takes one of FUEL, and memory that cannot be read ends it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from ktstr.introspect.memory.memory import Memory, MemoryFault
from ktstr.model.errors import InfraError

VERSION = 1
LOCALS, STACK, TERMS, NAMES, LARGEST, FUEL = 16, 32, 16, 16, 8192, 20000
# the order of a look's registers, as the plugin's records have them
REGISTERS = (
    *("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp"),
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"),
)
_HEAD = struct.Struct("<cBBxHH")
_INSTRUCTION = struct.Struct("<BBHi")
_CONSTANT = struct.Struct("<q")
_MASK = (1 << 64) - 1
_SIZE, SIGNED = 0x0F, 0x80
# struct rb_node of include/linux/rbtree_types.h: parent with the colour in its low bits, children
_RB_PARENT, _RB_RIGHT, _RB_LEFT, _RB_COLOUR = 0, 8, 16, 3


class Op(IntEnum):
    """What an instruction does; predicate_code.h says it for each."""

    END = 0
    GIVEN = 1
    SET = 2
    KNOWN = 3
    BIND = 4
    KEEP = 5
    TERM = 6
    JUMP = 7
    UNLESS = 8
    SMALL = 9
    CONST = 10
    REG = 11
    RESULT = 12
    CPU = 13
    CPUS = 14
    PERCPU = 15
    GET = 16
    LOAD = 17
    FIELD = 18
    RBFIRST = 19
    RBNEXT = 20
    NOT = 21
    NEG = 22
    ADD = 23
    SUB = 24
    MUL = 25
    DIV = 26
    AND = 27
    OR = 28
    XOR = 29
    SHL = 30
    SHR = 31
    EQ = 32
    NE = 33
    LT = 34
    LE = 35
    GT = 36
    GE = 37


class End(IntEnum):
    """How a program ended, in the order of predicate.h."""

    HOLDS = 0
    FAILS = 1
    UNKNOWN = 2
    """Memory could not be read, or the program was out of fuel."""
    IDLE = 3
    """What it speaks of is not there."""


class ProgramError(InfraError):
    """Bytes that are no program."""


@dataclass(frozen=True)
class Instruction:
    op: Op
    a: int = 0
    b: int = 0
    imm: int = 0


@dataclass(frozen=True)
class Program:
    """Instructions, the constants they name, and how many terms they give."""

    instructions: tuple[Instruction, ...]
    constants: tuple[int, ...] = ()
    terms: int = 0

    def encode(self) -> bytes:
        """The bytes that predicate.c runs."""
        head = _HEAD.pack(b"P", VERSION, self.terms, len(self.instructions), len(self.constants))
        code = b"".join(_INSTRUCTION.pack(i.op, i.a, i.b, i.imm) for i in self.instructions)
        return head + code + b"".join(_CONSTANT.pack(signed(value)) for value in self.constants)

    @classmethod
    def decode(cls, data: bytes) -> Program:
        """A program out of its bytes.

        Raises:
            ProgramError: they are none.
        """
        if len(data) < _HEAD.size:
            raise ProgramError(f"a predicate's program of {len(data)} bytes has no head")
        magic, version, terms, instructions, constants = _HEAD.unpack_from(data)
        behind = _HEAD.size + _INSTRUCTION.size * instructions
        whole = len(data) == behind + _CONSTANT.size * constants
        if (magic, version) != (b"P", VERSION) or terms > TERMS or not instructions or not whole:
            raise ProgramError("these bytes are no predicate's program of version 1")
        decoded = []
        for op, a, b, imm in _INSTRUCTION.iter_unpack(data[_HEAD.size : behind]):
            if op >= len(Op) or not _is_whole(Op(op), a, b, imm, instructions, constants):
                raise ProgramError(f"a predicate's program has no instruction ({op} {a} {b} {imm})")
            decoded.append(Instruction(Op(op), a, b, imm))
        values = tuple(value for (value,) in _CONSTANT.iter_unpack(data[behind:]))
        return cls(tuple(decoded), values, terms)


@dataclass(frozen=True)
class Look:
    """One instant of one guest: where memory is read, and what a CPU had in its registers.

    registers: by REGISTERS' order, as they were at the function's entry.  result: what it returns.
    per_cpu: the offset of each CPU's area.  cpu: the one that is there.
    """

    memory: Memory
    per_cpu: tuple[int, ...]
    cpu: int = 0
    registers: tuple[int, ...] = (0,) * len(REGISTERS)
    result: int = 0


@dataclass(frozen=True)
class Outcome:
    end: End
    terms: tuple[int, ...] = ()


def evaluate(program: Program, look: Look) -> Outcome:
    """How a program ends at an instant."""
    run = _Run(program, look)
    try:
        end = run.whole()
    except _Lost:
        end = End.UNKNOWN
    return Outcome(end, tuple(run.terms[: program.terms]))


def signed(value: int) -> int:
    """The number of 64 bits with a sign that has these low bits."""
    value &= _MASK
    return value - (1 << 64) if value >> 63 else value


def _is_whole(op: Op, a: int, b: int, imm: int, instructions: int, constants: int) -> bool:
    has_size = (a & _SIZE) in (1, 2, 4, 8)
    match op:
        case Op.CONST:
            return b < constants
        case Op.REG:
            return a < len(REGISTERS)
        case Op.GET | Op.SET:
            return a < LOCALS
        case Op.KNOWN:
            return a < LOCALS and b < NAMES and 0 <= imm < instructions
        case Op.BIND:
            return a < LOCALS and b < NAMES
        case Op.KEEP:
            return a < LOCALS and 1 <= b <= LARGEST
        case Op.FIELD:
            return b < LOCALS and has_size
        case Op.LOAD:
            return has_size
        case Op.TERM:
            return a < TERMS
        case Op.JUMP | Op.UNLESS:
            return 0 <= imm < instructions
    return True


class _Lost(Exception):
    """The run cannot go on."""


class _Run:
    """A program that runs."""

    def __init__(self, program: Program, look: Look) -> None:
        self._program, self._look = program, look
        self._stack: list[int] = []
        self._locals = [0] * LOCALS
        self._fuel = FUEL
        self.terms = [0] * TERMS

    def whole(self) -> End:
        at = 0
        while self._fuel and at < len(self._program.instructions):
            self._fuel -= 1
            each = self._program.instructions[at]
            at += 1
            match each.op:
                case Op.END:
                    return End.HOLDS if self._pop() else End.FAILS
                case Op.GIVEN:
                    if not self._pop():
                        return End.IDLE
                case Op.SET:
                    self._locals[each.a] = self._pop()
                case Op.KEEP:
                    self._read(self._locals[each.a] + each.imm, each.b)
                case Op.KNOWN | Op.BIND:
                    pass  # what a name means at an instant is found out each time here
                case Op.TERM:
                    self.terms[each.a] = self._pop()
                    self._push(self.terms[each.a])
                case Op.JUMP:
                    at = each.imm
                case Op.UNLESS:
                    at = at if self._pop() else each.imm
                case _:
                    self._push(self._pushed(each))
        raise _Lost

    def _pushed(self, each: Instruction) -> int:
        look = self._look
        match each.op:
            case Op.SMALL:
                return each.imm
            case Op.CONST:
                return self._program.constants[each.b]
            case Op.REG:
                return look.registers[each.a]
            case Op.RESULT:
                return look.result
            case Op.CPU:
                return look.cpu
            case Op.CPUS:
                return len(look.per_cpu)
            case Op.PERCPU:
                return self._area(self._pop())
            case Op.GET:
                return self._locals[each.a]
            case Op.LOAD:
                return self._load(self._pop() + each.imm, each.a)
            case Op.FIELD:
                return self._load(self._locals[each.b] + each.imm, each.a)
            case Op.RBFIRST:
                return self._leftmost(self._pointer(self._pop()))
            case Op.RBNEXT:
                return self._after(self._pop())
            case Op.NOT:
                return int(not self._pop())
            case Op.NEG:
                return -self._pop()
        right, left = self._pop(), self._pop()
        return _BINARY[each.op](left, right)

    def _area(self, cpu: int) -> int:
        if not 0 <= cpu < len(self._look.per_cpu):
            raise _Lost
        return self._look.per_cpu[cpu]

    def _read(self, address: int, size: int) -> bytes:
        try:
            return self._look.memory.read(address & _MASK, size)
        except MemoryFault as fault:
            raise _Lost from fault

    def _load(self, address: int, how: int) -> int:
        data = self._read(address, how & _SIZE)
        return int.from_bytes(data, "little", signed=bool(how & SIGNED))

    def _pointer(self, address: int) -> int:
        if not self._fuel:
            raise _Lost
        self._fuel -= 1
        return self._load(address, 8)

    def _leftmost(self, node: int) -> int:
        while node:
            left = self._pointer(node + _RB_LEFT)
            if not left:
                break
            node = left
        return node

    def _after(self, node: int) -> int:
        right = self._pointer(node + _RB_RIGHT)
        if right:
            return self._leftmost(right)
        while True:
            parent = self._pointer(node + _RB_PARENT) & ~_RB_COLOUR
            if not parent or self._pointer(parent + _RB_RIGHT) != node & _MASK:
                return parent
            node = parent

    def _pop(self) -> int:
        if not self._stack:
            raise _Lost
        return self._stack.pop()

    def _push(self, value: int) -> None:
        if len(self._stack) == STACK:
            raise _Lost
        self._stack.append(signed(value))


def _quotient(left: int, right: int) -> int:
    if not right or (left == -(1 << 63) and right == -1):
        raise _Lost
    whole = abs(left) // abs(right)
    return whole if (left < 0) == (right < 0) else -whole


_BINARY: dict[Op, Callable[[int, int], int]] = {
    Op.ADD: lambda left, right: left + right,
    Op.SUB: lambda left, right: left - right,
    Op.MUL: lambda left, right: left * right,
    Op.DIV: _quotient,
    Op.AND: lambda left, right: left & right,
    Op.OR: lambda left, right: left | right,
    Op.XOR: lambda left, right: left ^ right,
    Op.SHL: lambda left, right: left << (right & 63),
    Op.SHR: lambda left, right: (left & _MASK) >> (right & 63),
    Op.EQ: lambda left, right: int(left == right),
    Op.NE: lambda left, right: int(left != right),
    Op.LT: lambda left, right: int(left < right),
    Op.LE: lambda left, right: int(left <= right),
    Op.GT: lambda left, right: int(left > right),
    Op.GE: lambda left, right: int(left >= right),
}
