# SPDX-License-Identifier: Apache-2.0
"""no_stall: a runqueue's clock that stands beside its tasks, and not beside none."""

from __future__ import annotations

from typing import Any

from absl.testing import absltest, parameterized

from ktstr.introspect.monitor.series import MonitorSeries
from ktstr.judge.judge import judge
from ktstr.model.verdict.checks import Checks, Verdict
from ktstr.model.verdict.kinds import Kind
from tests.support.monitored import lacking, run_of, series
from tests.support.runs import MS

_ON = Checks(not_starved=True, no_stall=True)


def standing(begin_ms: int, end_ms: int, tasks: Any = 2) -> MonitorSeries:
    """The clock of CPU 3 stands for a while."""

    def stopped(ms: int) -> int:
        return MS * (ms if ms < begin_ms else max(begin_ms, ms - (end_ms - begin_ms)))

    clocks: dict[int | None, Any] = {cpu: lambda ms: MS * ms for cpu in range(3)}
    return series({"clock": clocks | {3: stopped}, "nr_running": {0: 1, 1: 1, 2: 1, 3: tasks}})


class StallTest(parameterized.TestCase):
    def test_a_clock_that_stands_fails(self) -> None:
        judged = judge(run_of(standing(300, 500), _ON))
        (found,) = judged.details
        self.assertEqual((found.kind, found.subject), (Kind.RUNQUEUE_STALL, "CPU 3"))
        # the limit's 100 ms after it stood still
        self.assertEqual(found.at_ns, 1_400_000_000)
        self.assertEqual(
            found.message,
            "the clock of CPU 3's runqueue stood for 200 ms while it had tasks, from 300 to 500 ms "
            "after the start (limit 100 ms)",
        )

    def test_how_long_one_stood_is_a_figure_whatever_is_checked(self) -> None:
        for seen, expected in (
            (standing(300, 500), 200.0),
            (standing(300, 396), 96.0),
            (standing(300, 500, tasks=0), 0.0),
            (series({}, lacks=lacking("clock")), None),
            (None, None),
        ):
            total = judge(run_of(seen, Checks())).statistics.total
            self.assertEqual(total.runqueue_stall_ms, expected)

    @parameterized.parameters(
        (standing(300, 396), Verdict.PASS),
        (standing(300, 400), Verdict.FAIL),
        (standing(300, 500, tasks=0), Verdict.PASS),
        (standing(300, 500, tasks=lambda ms: ms != 400), Verdict.PASS),
        (series({}, lacks=lacking("clock")), Verdict.INCONCLUSIVE),
        (None, Verdict.INCONCLUSIVE),
    )
    def test_others(self, monitor: MonitorSeries | None, verdict: Verdict) -> None:
        judged = judge(run_of(monitor, _ON))
        self.assertIs(judged.verdict, verdict, judged.details)


if __name__ == "__main__":
    absltest.main()
