# SPDX-License-Identifier: Apache-2.0
"""max_idle_beside_wait_ms: what a task had waited when a CPU went idle that it may run on."""

from __future__ import annotations

import dataclasses
from typing import Any

from absl.testing import absltest, parameterized

from ktstr.introspect.monitor.series import How, MonitorSeries
from ktstr.judge.judge import judge
from ktstr.model.facts import Event
from ktstr.model.verdict.checks import Checks, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.events import EventName
from tests.support.monitored import lacking, run_of, series, waits
from tests.support.runs import MS, S

_LIMITED = Checks(not_starved=True, max_idle_beside_wait_ms=10)


class IdleBesideWaitTest(parameterized.TestCase):
    def test_the_longest_wait_fails_with_all_that_is_known(self) -> None:
        seen = series({}, idle=waits((40, 2, 9_000), (50, 2, 31_250), (60, 0, 10_000)))
        judged = judge(run_of(seen, _LIMITED))
        (found,) = judged.details
        self.assertEqual((found.kind, found.subject), (Kind.IDLE_BESIDE_WAIT, "CPU 2"))
        self.assertEqual(
            found.message,
            "CPU 2 went idle 50.000 ms after the start while w0.0.1[321], which may run there, had "
            "waited on CPU 1 for 31.250 ms, the longest of 2 such waits (limit 10 ms)",
        )
        self.assertEqual(judged.statistics.total.idle_beside_wait_ms, 31.25)
        self.assertEqual(found.at_ns, S + 50 * MS)

    def test_it_first_failed_at_the_first_wait_that_was_too_long(self) -> None:
        seen = series({}, idle=waits((40, 2, 12_000), (50, 2, 31_250)))
        (found,) = judge(run_of(seen, _LIMITED)).details
        self.assertEqual(found.at_ns, S + 40 * MS)

    def test_what_was_before_and_after_the_steps_is_none_of_it(self) -> None:
        seen = series({}, idle=waits((-1, 2, 50_000), (1001, 2, 50_000)))
        judged = judge(run_of(seen, _LIMITED))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        self.assertEqual(judged.statistics.total.idle_beside_wait_ms, 0.0)

    @parameterized.parameters(
        ({"idle": None}, "nobody stood where CPUs go idle, which only the plugin can"),
        ({"how": How.MEMORY, "why": "tcg"}, "which only the plugin can: tcg"),
        (
            {"lacks": lacking("idle_beside_wait")},
            "cannot be looked at where CPUs go idle: it has no scx_event_stats.idle_beside_wait",
        ),
        (
            {"idle": dataclasses.replace(waits(), lost=100)},
            "100 of 1000 looks at CPUs that went idle found no room",
        ),
        (
            {"idle": dataclasses.replace(waits(), unseen=3)},
            "at 3 looks at CPUs that went idle it was not seen who waited",
        ),
    )
    def test_what_was_not_seen(self, changes: dict[str, Any], words: str) -> None:
        seen: MonitorSeries = dataclasses.replace(series({}), **changes)
        judged = judge(run_of(seen, _LIMITED))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertIn(words, judged.details[0].message)

    def test_a_cpu_that_goes_is_none_of_it(self) -> None:
        run = run_of(series({}, idle=waits((499, 3, 60_000))), _LIMITED)
        gone = Event(S + 500 * MS, EventName.CPU_OFFLINE, None, "3")
        self.assertIs(judge(run).verdict, Verdict.FAIL)
        judged = judge(dataclasses.replace(run, events=(*run.events, gone)))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)


if __name__ == "__main__":
    absltest.main()
