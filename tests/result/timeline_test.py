# SPDX-License-Identifier: Apache-2.0
"""Phases and moments on one clock, also of runs that broke off."""

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.facts import Event
from ktstr.model.wire.events import EventName
from ktstr.report.tables import timeline_table
from ktstr.result.make.timeline import timeline
from tests.support.result_strategies import EVENT_NAMES
from tests.support.runs import S, good_run, scheduler

EVENTS = st.lists(
    st.builds(Event, st.integers(0, 10**10), EVENT_NAMES, st.none() | st.integers(0, 3))
)


class TimelineTest(absltest.TestCase):
    def test_phases_of_a_whole_run(self) -> None:
        found = [
            (phase.name, phase.start_ns, phase.end_ns) for phase in timeline(good_run()).phases
        ]
        self.assertEqual(
            found,
            [
                ("scheduler fifo", S // 2, 3 * S),
                ("scenario", S, 2 * S),
                ("step 0", S, 2 * S),
            ],
        )

    def test_what_broke_off_has_no_end(self) -> None:
        run = good_run(
            events=(Event(S, EventName.SCENARIO_START), Event(S + 5, EventName.STEP_START, 0)),
            scenarios=(),
            schedulers=(scheduler(ended_ns=None),),
            end=None,
        )
        found = timeline(run)
        self.assertEqual(
            [phase.name for phase in found.phases], ["scheduler fifo", "scenario", "step 0"]
        )
        self.assertFalse(any(phase.HasField("end_ns") for phase in found.phases))
        self.assertIn("    0.500 s  step 0 begins, its end was not reported", timeline_table(found))

    def test_a_step_is_called_by_its_name(self) -> None:
        events = (Event(1, EventName.STEP_START, 0, "warm up"), Event(2, EventName.STEP_END, 0))
        (phase,) = timeline(good_run(events=events, scenarios=(), schedulers=())).phases
        self.assertEqual(phase.name, "step 0 (warm up)")

    def test_a_step_that_is_played_twice_is_two_phases(self) -> None:
        events = (
            Event(1, EventName.STEP_START, 0),
            Event(2, EventName.STEP_END, 0),
            Event(3, EventName.STEP_START, 0),
            Event(4, EventName.STEP_END, 0),
        )
        phases = timeline(good_run(events=events, scenarios=(), schedulers=())).phases
        self.assertEqual([(p.start_ns, p.end_ns) for p in phases], [(1, 2), (3, 4)])

    @given(EVENTS)
    def test_time_never_goes_back(self, events: list[Event]) -> None:
        found = timeline(good_run(events=tuple(events)))
        starts = [phase.start_ns for phase in found.phases]
        moments = [moment.at_ns for moment in found.moments]
        self.assertEqual((starts, moments), (sorted(starts), sorted(moments)))
        self.assertLessEqual({event.at_ns for event in events}, set(moments))

    def test_a_long_time_line_is_cut_in_its_middle(self) -> None:
        events = tuple(Event(i * S, EventName.OP, 0, f"op {i}") for i in range(100))
        lines = timeline_table(timeline(good_run(events=events)))
        self.assertLen(lines, 41)
        self.assertRegex(lines[20], "[0-9]+ more in result.json")
        self.assertIn("op 99", lines[-1])


if __name__ == "__main__":
    absltest.main()
