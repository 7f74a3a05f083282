# SPDX-License-Identifier: Apache-2.0
"""Expressions: what they give, what they say of themselves, and what is none."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from absl.testing import absltest, parameterized

from ktstr.introspect.invariants.compiler import Compiled, compile_predicate, watched
from ktstr.introspect.invariants.layout import Windows
from ktstr.introspect.invariants.program import End, Look, Op, Outcome, evaluate
from ktstr.model.errors import UsageError
from tests.introspect.invariants.native import Native
from tests.introspect.invariants.sparse import SparseMemory

_NATIVE = Native()
_RQ, _TASKS = 0x1000, (0x2000, 0x2100, 0x2200)


@dataclass(frozen=True)
class _Field:
    offset: int
    size: int
    signed: bool = False
    bit_offset: int = 0
    bit_size: int = 0


_FIELDS = {
    ("rq", "nr_running"): _Field(0, 4),
    ("rq", "list"): _Field(8, 16),
    ("rq", "root"): _Field(24, 8),
    ("rq", "cfs.nr_running"): _Field(32, 4),
    ("rq", "deep"): _Field(32, 6),
    ("rq", "deep[0]"): _Field(32, 2),
    ("rq", "deep[2].number"): _Field(36, 2, signed=True),
    ("task", "weight"): _Field(0, 8, signed=True),
    ("task", "node"): _Field(8, 16),
    ("task", "rb"): _Field(24, 24),
    ("task", "flag"): _Field(48, 1, bit_offset=3, bit_size=2),
    ("task", "parent"): _Field(56, 8),
}


class _Layout:
    """A kernel of two structs."""

    def symbol(self, name: str) -> int:
        return {"queues": _RQ}[name]

    def has_symbol(self, name: str) -> bool:
        return name == "queues"

    def field(self, struct: str, path: str) -> _Field:
        if (struct, path) not in _FIELDS:
            raise UsageError(f"{struct} has no {path}")
        return _FIELDS[struct, path]

    def has_field(self, struct: str, path: str) -> bool:
        return (struct, path) in _FIELDS

    def size_of(self, struct: str) -> int:
        if struct not in ("rq", "task"):
            raise UsageError(f"there is no {struct}")
        return 64

    def enumerator(self, enum: str, name: str) -> int:
        return {("e", "X"): 7}[enum, name]


def _memory() -> SparseMemory:
    """A queue of three tasks with weights -1, 0, 1, in a list, in a tree, and as parents."""
    memory = SparseMemory()
    memory.make(_RQ, 0x2000)

    def words(address: int, *values: int) -> None:
        for number, value in enumerate(values):
            memory.write(address + 8 * number, (value & (1 << 64) - 1).to_bytes(8, "little"))

    first, middle, last = _TASKS
    words(_RQ, 3, first + 8, last + 8, middle + 24, 3 | 0xFFFE << 32)
    for number, task in enumerate(_TASKS):
        following = _TASKS[number + 1] if number < 2 else 0
        words(task, number - 1, following + 8 if following else _RQ + 8)
        words(task + 48, number << 3 | 1, following)
    words(middle + 24, 1, last + 24, first + 24)
    words(first + 24, middle + 24 | 1, 0, 0)
    words(last + 24, middle + 24, 0, 0)
    return memory


class CompilerTest(parameterized.TestCase):
    def _compiled(self, text: str, given: str = "", *, at_once: bool = False) -> Compiled:
        names, windows = {"rq": "rq(symbol('queues'))"}, Windows()
        constants = {"THREE": 3}
        if at_once:
            watched(text, _Layout(), windows, given=given, names=names, constants=constants)
        return compile_predicate(
            text,
            _Layout(),
            given=given,
            names=names,
            constants=constants,
            windows=windows if at_once else None,
        )

    def _ends(self, text: str, given: str = "") -> Outcome:
        look = Look(_memory(), (0, 0x10), 1, tuple(range(16)), 99)
        outcomes = []
        for at_once in (False, True):
            program = self._compiled(text, given, at_once=at_once).program
            outcomes += [evaluate(program, look), _NATIVE.evaluate(program, look)]
        self.assertLen(set(outcomes), 1)
        return outcomes[0]

    @parameterized.parameters(
        "rq.nr_running == count(entries(address(rq.list), 'task', 'node')) == THREE",
        "rq.cfs.nr_queued == 3",
        "rq.deep[2].number == -2",
        "length('rq', 'deep') == 3",
        "sum(t.weight for t in nodes(address(rq.root), 'task', 'rb')) == 0",
        "all(t.flag == t.weight + 1 for t in entries(address(rq.list), 'task', 'node'))",
        "any(t.weight == 1 for t in entries(address(rq.list), 'task', 'node'))",
        "not any(t.weight == 2 for t in entries(address(rq.list), 'task', 'node'))",
        "sum(1 for t in upwards(0x2000, 'task', 'parent') if t.weight >= 0) == 2",
        "sum(i * j for i in range(rq.nr_running) for j in range(i)) == 2",
        "1 <= rq.nr_running < 4 < 7 and not 1 <= rq.nr_running < 3 < 7",
        "(t := container(word(address(rq.list)), 'task', 'node')).weight == -1 and t.flag == 0",
        "-7 // 2 == -3 and 7 - 2 * 2 == 3 and (6 & 3 | 8) ^ 1 == 11 and 1 << 4 >> 1 == 8",
        "(1 if rq.nr_running == 3 else word(8)) == 1",
        "argument(0) == 5 and argument(1) == 4 and argument(2) == 3 and result() == 99",
        "cpu() == 1 and cpus() == 2 and per_cpu('queues', 1) == rq + 0x10",
        "enumerator('e', 'X') == 7 and 0x123456789abcdef == 0x123456789abcdef",
        "rq.nr_running == 3 or word(8)",
    )
    def test_holds(self, text: str) -> None:
        self.assertIs(self._ends(text).end, End.HOLDS)

    def test_terms_are_what_it_spoke_of(self) -> None:
        text = "all(t.weight < 1 for t in nodes(address(rq.root), 'task', 'rb')) or rq.nr_running"
        outcome = self._ends(f"({text}) == 0")
        self.assertIs(outcome.end, End.FAILS)
        terms = self._compiled(f"({text}) == 0").terms
        self.assertEqual(
            dict(zip(terms, outcome.terms, strict=True)),
            {"t.weight": 1, "t": _TASKS[2], "rq.nr_running": 3},
        )

    def test_given_nothing_it_says_nothing(self) -> None:
        self.assertIs(self._ends("rq.nr_running == 4", given="rq.nr_running > 3").end, End.IDLE)
        self.assertIs(self._ends("rq.nr_running == 4", given="rq.nr_running > 2").end, End.FAILS)

    def test_what_cannot_be_read_is_unknown(self) -> None:
        self.assertIs(self._ends("word(8) == 0").end, End.UNKNOWN)
        self.assertIs(self._ends("task(0).weight == 0").end, End.UNKNOWN)
        self.assertIs(self._ends("1 // (rq.nr_running - 3) == 0").end, End.UNKNOWN)

    def test_a_circle_is_unknown(self) -> None:
        text = "count(upwards(0x2000, 'task', 'parent')) == 3"
        memory = _memory()
        memory.write(_TASKS[2] + 56, _TASKS[0].to_bytes(8, "little"))
        program = self._compiled(text).program
        look = Look(memory, (0,))
        self.assertIs(evaluate(program, look).end, End.UNKNOWN)
        self.assertIs(_NATIVE.evaluate(program, look).end, End.UNKNOWN)

    def test_a_struct_is_read_at_once(self) -> None:
        text = "rq.nr_running == 3 and rq.cfs.nr_queued == 3"
        program = self._compiled(text, at_once=True).program
        kept = [each for each in program.instructions if each.op is Op.KEEP]
        self.assertEqual([(each.imm, each.b) for each in kept], [(0, 36)])

    @parameterized.parameters(
        ("rq.nothing == 1", "rq has no nothing"),
        ("thing(1) == 0", "there is no thing"),
        ("rq.nr_running is 3", "nothing that an invariant can say"),
        ("f(1, 2)", "nothing that an invariant can say"),
        ("sum(t for t in rq)", "nothing to go along"),
        ("rq.nr_running ==", "is no expression"),
        ("(1).x", "is a number, and has no x"),
        ("rq.list == 0", "has 16 bytes and is no number"),
        ("unknown == 0", "nothing that an invariant can say"),
    )
    def test_no_expression(self, text: str, words: str) -> None:
        with self.assertRaisesRegex(UsageError, words):
            self._compiled(text)


if __name__ == "__main__":
    absltest.main(argv=sys.argv)
