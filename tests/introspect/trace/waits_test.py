# SPDX-License-Identifier: Apache-2.0
"""What a task waited for, and who kept it off."""

from absl.testing import absltest

from ktstr.introspect.trace.events import Decisions, Event
from ktstr.introspect.trace.waits import Wait, told, waits_of

_SWITCH = ("prev", "next", "state")
_EVENTS = (
    Event(1_000, 0, "switch", _SWITCH, (7, 8, "S")),
    Event(3_000, 1, "waking", ("pid", "by"), (7, 9)),
    Event(3_100, 1, "dsq_insert", ("pid", "dsq", "depth"), (7, "0", 1)),
    Event(4_000, 0, "switch", _SWITCH, (8, 0, "S")),
    Event(9_000, 1, "switch", _SWITCH, (9, 10, "R")),
    Event(9_500, 0, "switch", _SWITCH, (0, 7, "R")),
    Event(12_000, 0, "switch", _SWITCH, (7, 9, "R")),
    Event(20_000, 0, "switch", _SWITCH, (9, 7, "R")),
)
_TRACE = Decisions(2, _EVENTS, {0: "idle", 7: "w7", 8: "w8", 9: "w9"})


class WaitsTest(absltest.TestCase):
    def test_sleeps_and_waits_for_a_cpu_are_told_apart(self) -> None:
        self.assertEqual(
            waits_of(_TRACE, 7),
            (
                Wait("S", 1_000, 3_000, 1, None, ()),
                Wait("R", 3_000, 9_500, 0, 9, ((0, 5_500), (8, 1_000)), "0"),
                Wait("R", 12_000, 20_000, 0, None, ((9, 8_000),)),
            ),
        )

    def test_in_words(self) -> None:
        self.assertEqual(
            told(_TRACE, 7),
            [
                "w7 (7) was ready 2 times, and waited 14.5 us for a CPU",
                "8.0 us from 0.000012s, until CPU 0 took it; there ran meanwhile: w9 (9) 8.0 us",
                "6.5 us from 0.000003s in DSQ 0, until CPU 0 took it; there ran meanwhile: "
                "idle (0) 5.5 us, w8 (8) 1.0 us",
            ],
        )

    def test_one_that_goes_on_to_the_end(self) -> None:
        trace = Decisions(2, _EVENTS[:6], _TRACE.names)
        self.assertEqual(waits_of(trace, 9), (Wait("R", 9_000, trace.ended_ns, None, None, ()),))
        self.assertIn("to the end of the trace: no CPU took it", told(trace, 9)[1])

    def test_of_a_task_that_there_is_not(self) -> None:
        self.assertEqual(waits_of(_TRACE, 77), ())


if __name__ == "__main__":
    absltest.main()
