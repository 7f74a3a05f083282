# SPDX-License-Identifier: Apache-2.0
"""The verifier's log: where a program was refused, and loops told once."""

from __future__ import annotations

import itertools

from absl.testing import absltest

from ktstr.console.verifier_log import collapsed, rejection

_SAID = """\
libbpf: prog 'mine_init': BPF program load failed: Invalid argument
libbpf: prog 'mine_init': failed to load: -22
libbpf: prog 'mine_init': -- BEGIN PROG LOAD LOG --
0: R1=ctx() R10=fp0
; now = bpf_ktime_get_ns(); @ mine.bpf.c:12
0: (85) call bpf_ktime_get_ns#5       ; R0_w=scalar()
; if (odd) @ mine.bpf.c:14
7: (56) if w1 != 0x1 goto pc+7        ; R1_w=1
; table[now]++; @ mine.bpf.c:15
11: (0f) r1 += r0
math between map_value pointer and register with unbounded min value is not allowed
processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
-- END PROG LOAD LOG --
libbpf: failed to load object 'mine.bpf.o'
"""
_EXPLAINED = """
Verification failed: Pointer Arithmetic: The offset has no bounds

Reason:
  The program adds a number to a pointer that the verifier knows nothing of.

At:
  mine.bpf.c:15 | table[now]++;

Suggestion:
  Compare the number with the size before the addition.

"""


def _turn(i: int, inner: int = 0) -> list[str]:
    lines = ["; sum += i; @ mine.bpf.c:20", f"4: (0f) r1 += r2            ; R1_w={i}"]
    for k in range(inner):
        lines += [f"5: (b7) r3 = 1                 ; R3_w={k}", f"from 6 to 5: R3={k} R10=fp0"]
    return [*lines, f"7: (a5) if r1 < 0x64 goto pc-4  ; R1_w={i}"]


class RejectionTest(absltest.TestCase):
    def test_the_reason_and_the_line_of_the_source(self) -> None:
        found = rejection(_SAID)
        assert found is not None
        self.assertEqual(found.program, "mine_init")
        self.assertStartsWith(found.reason, "math between map_value pointer and register")
        self.assertEqual(found.at, "at mine.bpf.c:15: table[now]++;")
        self.assertLen(found.log, 9)

    def test_a_kernel_that_tells_no_place(self) -> None:
        found = rejection(_SAID.replace(" @ mine.bpf.c:15", ""))
        assert found is not None
        self.assertEqual((found.place, found.at), ("", "at: table[now]++;"))

    def test_a_log_without_lines_of_the_source(self) -> None:
        lines = [line for line in _SAID.splitlines() if not line.startswith(";")]
        found = rejection("\n".join(lines))
        assert found is not None
        self.assertEqual((found.source, found.at), ("", ""))

    def test_what_7_3_explains_below_the_reason_is_no_reason(self) -> None:
        said = _SAID.replace("processed 9", f"{_EXPLAINED}processed 9")
        found = rejection(said)
        assert found is not None
        self.assertStartsWith(found.reason, "math between map_value pointer and register")
        self.assertEqual(found.at, "at mine.bpf.c:15: table[now]++;")
        self.assertIn("Suggestion:", found.log)

    def test_what_it_explains_is_the_reason_where_the_trace_has_none(self) -> None:
        reason = (
            "math between map_value pointer and register with unbounded min value is not allowed\n"
        )
        found = rejection(_SAID.replace(reason, _EXPLAINED))
        assert found is not None
        self.assertEqual(found.reason, "Pointer Arithmetic: The offset has no bounds")
        self.assertEqual(found.at, "at mine.bpf.c:15: table[now]++;")

    def test_the_last_refusal_counts_and_none_is_none(self) -> None:
        found = rejection(_SAID + _SAID.replace("mine_init", "mine_exit"))
        assert found is not None
        self.assertEqual(found.program, "mine_exit")
        self.assertIsNone(rejection("libbpf: failed to load object 'mine.bpf.o'"))


class CollapsedTest(absltest.TestCase):
    def test_of_a_loop_the_first_turn_and_the_last(self) -> None:
        turns = [_turn(i) for i in range(100)]
        lines = ["0: (b7) r1 = 0", *itertools.chain(*turns), "8: (95) exit"]
        self.assertEqual(
            collapsed(lines),
            [
                "0: (b7) r1 = 0",
                *turns[0],
                "(3 lines as above, 98 more times; then the last time:)",
                *turns[-1],
                "8: (95) exit",
            ],
        )

    def test_loops_in_loops(self) -> None:
        lines = [line for i in range(50) for line in _turn(i, inner=5 + i % 2)]
        short = collapsed(lines)
        self.assertLess(len(short), 25)
        self.assertEqual((short[0], short[-1]), (lines[0], lines[-1]))
        self.assertTrue(any("48 more times" in line for line in short), short)

    def test_what_differs_in_more_than_registers_is_no_turn(self) -> None:
        lines = [f"{i}: (b7) r1 = {i}" for i in range(100)]
        self.assertEqual(collapsed(lines), lines)

    def test_twice_is_no_loop_worth_a_line(self) -> None:
        lines = _turn(1) + _turn(2)
        self.assertEqual(collapsed(lines), lines)


if __name__ == "__main__":
    absltest.main()
