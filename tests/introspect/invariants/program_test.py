# SPDX-License-Identifier: Apache-2.0
"""Programs: their bytes, how they end, and that C and Python agree on any of them."""

from __future__ import annotations

import sys

from absl.testing import absltest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.introspect.invariants.program import (
    LOCALS,
    REGISTERS,
    TERMS,
    End,
    Instruction,
    Look,
    Op,
    Program,
    ProgramError,
    evaluate,
    signed,
)
from tests.introspect.invariants.native import Native
from tests.introspect.invariants.sparse import SparseMemory

_PLACE, _SIZE = 0x1000, 0x2000
_NATIVE = Native()
_SIZES = st.sampled_from([1, 2, 4, 8, 0x81, 0x82, 0x84, 0x88])
_OFFSETS = st.integers(-64, 64)
_LOCALS = st.integers(0, LOCALS - 1)


def _instruction(length: int) -> st.SearchStrategy[Instruction]:
    plain = [Op.END, Op.RESULT, Op.CPU, Op.CPUS, Op.PERCPU, Op.GIVEN, Op.RBFIRST, Op.RBNEXT]
    values = [op for op in Op if op >= Op.NOT]
    return st.one_of(
        st.builds(Instruction, st.sampled_from(plain)),
        st.builds(Instruction, st.sampled_from(values)),
        st.builds(Instruction, st.just(Op.SMALL), imm=st.integers(-(1 << 31), (1 << 31) - 1)),
        st.builds(Instruction, st.just(Op.SMALL), imm=st.integers(_PLACE - 8, _PLACE + _SIZE)),
        st.builds(Instruction, st.just(Op.CONST), b=st.integers(0, 2)),
        st.builds(Instruction, st.just(Op.REG), a=st.integers(0, 15)),
        st.builds(Instruction, st.sampled_from([Op.GET, Op.SET]), a=_LOCALS),
        st.builds(Instruction, st.just(Op.LOAD), a=_SIZES, imm=_OFFSETS),
        st.builds(Instruction, st.just(Op.FIELD), a=_SIZES, b=_LOCALS, imm=_OFFSETS),
        st.builds(Instruction, st.just(Op.BIND), a=_LOCALS, b=st.integers(0, 15)),
        st.builds(Instruction, st.just(Op.KEEP), _LOCALS, st.integers(1, 8192), _OFFSETS),
        st.builds(Instruction, st.just(Op.TERM), a=st.integers(0, TERMS - 1)),
        st.builds(
            Instruction, st.sampled_from([Op.JUMP, Op.UNLESS]), imm=st.integers(0, length - 1)
        ),
    )


_WORDS = st.integers(-(1 << 63), (1 << 63) - 1)
_PROGRAMS = st.integers(1, 40).flatmap(
    lambda length: st.builds(
        Program,
        st.lists(_instruction(length), min_size=length, max_size=length).map(tuple),
        st.tuples(_WORDS, st.integers(_PLACE, _PLACE + _SIZE), st.integers(-2, 2)),
        st.integers(0, TERMS),
    )
)


@st.composite
def _looks(draw: st.DrawFn) -> Look:
    """Two pages of which words point into them, mostly."""
    memory = SparseMemory()
    memory.make(_PLACE, _SIZE)
    words = draw(st.lists(st.integers(_PLACE - 16, _PLACE + _SIZE), min_size=4, max_size=64))
    for number in range(_SIZE // 8):
        word = words[number % len(words)]
        memory.write(_PLACE + 8 * number, (word & ~7 | number & 1).to_bytes(8, "little"))
    values = draw(st.lists(_WORDS, min_size=16, max_size=16))
    return Look(memory, (0x100, 0x200), draw(st.integers(0, 1)), tuple(values), draw(_WORDS))


def _program(*instructions: Instruction) -> Program:
    return Program(instructions, terms=1)


class ProgramTest(absltest.TestCase):
    @settings(max_examples=200, deadline=None)
    @given(_PROGRAMS, _looks(), st.booleans())
    def test_c_and_python_agree(self, program: Program, look: Look, finds: bool) -> None:
        ours, theirs = evaluate(program, look), _NATIVE.evaluate(program, look, finds=finds)
        self.assertEqual(ours.end, theirs.end)
        if ours.end is not End.UNKNOWN:
            self.assertEqual(ours.terms, theirs.terms)

    @given(_PROGRAMS)
    def test_bytes_come_back(self, program: Program) -> None:
        self.assertEqual(Program.decode(program.encode()), program)
        self.assertTrue(_NATIVE.loads(program.encode()))

    @given(_PROGRAMS, st.data())
    def test_damaged_bytes_are_refused_by_both_or_run_alike(
        self, program: Program, data: st.DataObject
    ) -> None:
        damaged = bytearray(program.encode())
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
        cut = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
        for each in (bytes(damaged), cut):
            try:
                decoded = Program.decode(each)
            except ProgramError:
                self.assertFalse(_NATIVE.loads(each))
            else:
                self.assertTrue(_NATIVE.loads(each))
                look = Look(SparseMemory(), (0,))
                self.assertEqual(evaluate(decoded, look).end, _NATIVE.evaluate(decoded, look).end)

    def test_a_program_without_an_end_is_unknown(self) -> None:
        look = Look(SparseMemory(), (0,))
        for program in (
            _program(Instruction(Op.JUMP, imm=0)),
            _program(Instruction(Op.SMALL, imm=1), Instruction(Op.JUMP, imm=0)),
            _program(Instruction(Op.END)),
            _program(Instruction(Op.SMALL, imm=1)),
        ):
            self.assertIs(evaluate(program, look).end, End.UNKNOWN)
            self.assertIs(_NATIVE.evaluate(program, look).end, End.UNKNOWN)

    def test_a_circle_of_nodes_is_unknown(self) -> None:
        memory = SparseMemory()
        memory.make(_PLACE, _SIZE)
        for offset in range(0, 64, 8):
            memory.write(_PLACE + offset, _PLACE.to_bytes(8, "little"))
        look = Look(memory, (0,))
        for op in (Op.RBFIRST, Op.RBNEXT):
            program = _program(
                Instruction(Op.SMALL, imm=_PLACE), Instruction(op), Instruction(Op.END)
            )
            self.assertIs(evaluate(program, look).end, End.UNKNOWN)
            self.assertIs(_NATIVE.evaluate(program, look).end, End.UNKNOWN)

    def test_what_is_kept_is_forgotten_where_there_is_no_room(self) -> None:
        memory = SparseMemory()
        memory.make(0x1_0000, 0x10_0000)
        steps = []
        for number in range(40):
            at = 0x1_0000 + number * 0x2000
            memory.write(at, (number + 1).to_bytes(8, "little"))
            steps += [
                Instruction(Op.SMALL, imm=at),
                Instruction(Op.SET, 0),
                Instruction(Op.KEEP, 0, 8192, 0),
                Instruction(Op.FIELD, 8, 0, 0),
                Instruction(Op.TERM, 0),
                Instruction(Op.SET, 1),
            ]
        program = _program(*steps, Instruction(Op.SMALL, imm=1), Instruction(Op.END))
        look = Look(memory, (0,))
        self.assertEqual(evaluate(program, look).terms, (40,))
        self.assertEqual(_NATIVE.evaluate(program, look), evaluate(program, look))

    def test_what_was_kept_before_is_read_again(self) -> None:
        memory = SparseMemory()
        memory.make(0x1_0000, 0x10_0000)
        steps = []
        for number in range(40):
            at = 0x1_0000 + number * 0x2000
            memory.write(at, (number + 1).to_bytes(8, "little"))
            steps += [
                Instruction(Op.SMALL, imm=at),
                Instruction(Op.SET, min(number, 1)),
                Instruction(Op.KEEP, min(number, 1), 8192, 0),
            ]
        first = (Instruction(Op.FIELD, 8, 0, 0), Instruction(Op.TERM, 0), Instruction(Op.END))
        moved = (Instruction(Op.GET, 1), Instruction(Op.SET, 0), *first)
        look = Look(memory, (0,))
        for rest, said in ((first, 1), (moved, 40)):
            program = _program(*steps, *rest)
            self.assertEqual(evaluate(program, look).terms, (said,))
            for finds in (False, True):
                found = _NATIVE.evaluate(program, look, finds=finds)
                self.assertEqual(found, evaluate(program, look))

    def test_a_field_that_is_not_all_kept_is_read(self) -> None:
        memory = SparseMemory()
        memory.make(_PLACE, _SIZE)
        memory.write(_PLACE, bytes(range(1, 65)))
        look = Look(memory, (0,))
        for kept, at in ((12, 8), (15, 8), (8, 8), (8, -8), (8, -1), (8, 1)):
            program = _program(
                Instruction(Op.SMALL, imm=_PLACE + 16),
                Instruction(Op.SET, 3),
                Instruction(Op.KEEP, 3, kept, 0),
                Instruction(Op.FIELD, 8, 3, at),
                Instruction(Op.TERM, 0),
                Instruction(Op.END),
            )
            said = int.from_bytes(bytes(range(17 + at, 25 + at)), "little")
            self.assertEqual(evaluate(program, look).terms, (said,))
            for finds in (False, True):
                found = _NATIVE.evaluate(program, look, finds=finds)
                self.assertEqual(found, evaluate(program, look))

    def test_a_local_that_another_program_knew_is_read_where_it_points_now(self) -> None:
        memory = SparseMemory()
        memory.make(_PLACE, _SIZE)
        memory.write(_PLACE, (5).to_bytes(8, "little") + (6).to_bytes(8, "little"))
        binds = _program(
            Instruction(Op.SMALL, imm=_PLACE + 8),
            Instruction(Op.SET, 0),
            Instruction(Op.BIND, 0, 2),
            Instruction(Op.SMALL, imm=1),
            Instruction(Op.END),
        )
        knows = _program(
            Instruction(Op.SMALL, imm=_PLACE),
            Instruction(Op.SET, 0),
            Instruction(Op.KEEP, 0, 8, 0),
            Instruction(Op.KNOWN, 0, 2, 4),
            Instruction(Op.FIELD, 8, 0, 0),
            Instruction(Op.TERM, 0),
            Instruction(Op.END),
        )
        for finds in (False, True):
            programs, look = [binds, knows, binds, knows], Look(memory, (0,))
            found = _NATIVE.evaluate_all(programs, look, finds=finds)
            self.assertEqual([each.terms for each in found], [(0,), (6,)] * 2)

    def test_numbers_have_a_sign(self) -> None:
        self.assertEqual(signed((1 << 64) - 1), -1)
        self.assertEqual(signed(1 << 63), -(1 << 63))
        self.assertEqual(signed(5), 5)
        self.assertLen(REGISTERS, 16)


if __name__ == "__main__":
    absltest.main(argv=sys.argv)
