# SPDX-License-Identifier: Apache-2.0
"""Who ran, by a trace and by the monitor."""

from __future__ import annotations

import json

from absl.testing import absltest

from ktstr.model.facts import Event
from ktstr.model.verdict.checks import Checks
from ktstr.model.wire.events import EventName
from ktstr.page.over_time import Resolution, who_ran
from ktstr.page.ran import by_monitor, by_trace
from ktstr.page.stretches import Stretch
from ktstr.page.window import Window, data_of, marks_of, window_of
from ktstr.result import result_pb2
from tests.support.monitored import run_of, series, spell
from tests.support.results import result
from tests.support.runs import MS, S

_WINDOW = Window(1_000_000, 2_000_000)


def _switch(ns: int, cpu: int, prev: int, next_: int) -> str:
    return json.dumps(
        {"ns": ns, "cpu": cpu, "event": "switch", "prev": prev, "next": next_},
        separators=(",", ":"),
    )


def _trace(*lines: str) -> list[str]:
    about = {"cpus": 2, "events": len(lines), "tasks": {"7": "w0.0.0", "8": "spin"}}
    return [json.dumps(about), *lines]


class TraceTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.result = result_pb2.Result()
        self.result.decisions.ended_ns = 1_900_000
        self.result.workers.add(pid=7, cgroup="cg_0")

    def test_each_task_runs_from_one_switch_to_the_next(self) -> None:
        lines = _trace(
            _switch(1_200_000, 0, 7, 0), _switch(1_300_000, 0, 0, 8), _switch(1_500_000, 0, 8, 7)
        )
        ran = by_trace(lines, self.result, _WINDOW)
        expected = [Stretch(0, 200, 7), Stretch(300, 500, 8), Stretch(500, 900, 7)]
        self.assertEqual(ran.by_cpu, {0: expected, 1: []})
        self.assertEqual(ran.names, {7: "w0.0.0[7] in cg_0", 8: "spin[8]"})
        self.assertEqual(ran.took(), {7: 600, 8: 200})

    def test_what_is_no_trace_is_refused(self) -> None:
        for lines in ([], ["{}"], ["nothing"], _trace('{"event":"switch"}')):
            with self.assertRaises(ValueError):
                by_trace(lines, self.result, _WINDOW)

    def test_the_chart_says_it_in_words_too(self) -> None:
        lines = _trace(_switch(1_250_000, 0, 7, 0))
        ran = by_trace(lines, self.result, _WINDOW)
        chart = who_ran(ran, _WINDOW, {}, Resolution(100))
        self.assertEqual(
            chart.says, "Time line of 2 CPUs and 1 tasks. Busy: CPU 0 25.0 %, CPU 1 0.0 %."
        )
        self.assertEqual(chart.rows, [("w0.0.0[7] in cg_0", "0.2 ms", "25.0 %", "25.0 %", "0.0 %")])
        self.assertEqual(chart.notes, ["By the trace's 1 switches."])


class MonitorTest(absltest.TestCase):
    def test_each_sample_holds_until_the_next(self) -> None:
        seen = series({"pid": {0: spell(0, 499, 100), 1: 0}})
        made = result(run_of(seen, Checks()))
        window = window_of(made)
        assert window is not None
        self.assertEqual(window, Window(S, 2 * S))
        ran = by_monitor(made, window)
        assert ran is not None
        self.assertEqual(ran.by_cpu, {0: [Stretch(0, 500_000, 100)], 1: []})

    def test_nobody_looked(self) -> None:
        made = result(run_of(None, Checks()))
        self.assertIsNone(by_monitor(made, _WINDOW))

    def test_phases_and_ops_are_marked(self) -> None:
        made = result(
            run_of(
                series({"pid": {0: 1}}),
                Checks(),
                events=(Event(S + 5 * MS, EventName.OP, 0, "StopCgroup(name='cg_0')"),),
            )
        )
        window = window_of(made)
        assert window is not None
        marks = marks_of(made, window)
        self.assertIn((5_000, "op StopCgroup(name='cg_0')"), marks.moments)
        self.assertEqual(data_of(window, marks)["length"], 1_000_000)


if __name__ == "__main__":
    absltest.main()
