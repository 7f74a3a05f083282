# SPDX-License-Identifier: Apache-2.0
"""A program while it is written: instructions, jumps to places that come later, locals, terms."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ktstr.introspect.invariants.program import LOCALS, TERMS, Instruction, Op, Program, signed
from ktstr.model.errors import UsageError


class Code:
    """Instructions that are appended, and what they need."""

    def __init__(self) -> None:
        self._instructions: list[Instruction] = []
        self._constants: list[int] = []
        self._places: dict[int, int] = {}
        self._locals: set[int] = set()
        self._terms: list[str] = []
        # which locals point to memory that was read on every way here
        self._kept: set[int] = set()

    def add(self, op: Op, a: int = 0, b: int = 0, imm: int = 0) -> None:
        self._instructions.append(Instruction(op, a, b, imm))

    def number(self, value: int) -> None:
        """Pushes a number of up to 64 bits."""
        value = signed(value)
        if -(1 << 31) <= value < 1 << 31:
            self.add(Op.SMALL, imm=value)
            return
        if value not in self._constants:
            self._constants.append(value)
        self.add(Op.CONST, b=self._constants.index(value))

    def place(self) -> int:
        """A place to jump to; `here` says where it is."""
        self._places[len(self._places)] = -1
        return len(self._places) - 1

    def here(self, place: int) -> None:
        self._places[place] = len(self._instructions)

    def jump(self, op: Op, place: int) -> None:
        self.add(op, imm=place)

    def local(self) -> int:
        """A local of its own.

        Raises:
            UsageError: all are taken.
        """
        free = next((slot for slot in range(LOCALS) if slot not in self._locals), None)
        if free is None:
            raise UsageError(f"an invariant has more than {LOCALS} names at a time")
        self._locals.add(free)
        self._kept.discard(free)
        return free

    def give_back(self, slot: int) -> None:
        self._locals.discard(slot)
        self._kept.discard(slot)

    def keep(self, slot: int, low: int, size: int) -> None:
        """Reads what a local points to, once on each way."""
        if slot not in self._kept:
            self._kept.add(slot)
            self.add(Op.KEEP, slot, size, low)

    def changed(self, slot: int) -> None:
        """A local points to something else from here on."""
        self._kept.discard(slot)

    @contextlib.contextmanager
    def maybe(self) -> Iterator[None]:
        """What is written inside runs on some ways only."""
        before = set(self._kept)
        yield
        self._kept &= before

    def term(self, text: str) -> None:
        """Says the top of the stack as a term, as long as there is room for one."""
        if text not in self._terms:
            if len(self._terms) == TERMS:
                return
            self._terms.append(text)
        self.add(Op.TERM, self._terms.index(text))

    def program(self) -> tuple[Program, tuple[str, ...]]:
        """All of it, jumps resolved, and what its terms are."""
        jumps = (Op.JUMP, Op.UNLESS, Op.KNOWN)
        instructions = tuple(
            Instruction(each.op, each.a, each.b, self._places[each.imm])
            if each.op in jumps
            else each
            for each in self._instructions
        )
        program = Program(instructions, tuple(self._constants), len(self._terms))
        return program, tuple(self._terms)
