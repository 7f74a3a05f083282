# SPDX-License-Identifier: Apache-2.0
"""max_fallback_rate, max_keep_last_rate: rates of sched_ext's events over time that lasts."""

from __future__ import annotations

from absl.testing import absltest, parameterized

from ktstr.judge.checks.event_rates import FALLBACK, KEEP_LAST
from ktstr.judge.judge import judge
from ktstr.model.verdict.checks import Checks, Verdict
from ktstr.model.verdict.kinds import Kind
from tests.support.monitored import lacking, run_of, series


class EventRatesTest(parameterized.TestCase):
    @parameterized.parameters(
        (FALLBACK, Checks(not_starved=True, max_fallback_rate=200), Kind.FALLBACK_RATE),
        (KEEP_LAST, Checks(not_starved=True, max_keep_last_rate=200), Kind.KEEP_LAST_RATE),
    )
    def test_a_rate_that_is_kept_up(self, event: str, checks: Checks, kind: Kind) -> None:
        # 500 a second for 0.2 s, then none
        seen = series({event: {None: lambda ms: min(ms, 200) // 2}})
        (found,) = judge(run_of(seen, checks)).details
        self.assertEqual((found.kind, found.verdict), (kind, Verdict.FAIL))
        self.assertEqual(found.at_ns, 1_100_000_000)
        self.assertStartsWith(found.message, "500 times ")
        self.assertIn(f"({event}) a second, over 100 ms, from 0 to 100 ms", found.message)
        slower = series({event: {None: lambda ms: ms // 10}})
        self.assertIs(judge(run_of(slower, checks)).verdict, Verdict.PASS)

    def test_a_burst_counts_over_the_time_that_is_asked_for(self) -> None:
        seen = series({FALLBACK: {None: lambda ms: 10 if ms >= 500 else 0}})
        total = judge(run_of(seen, Checks(not_starved=True))).statistics.total
        self.assertEqual(total.fallback_rate, 100.0)
        self.assertIsNone(total.keep_last_rate)

    def test_a_kernel_that_counts_none(self) -> None:
        seen = series({"nr_running": {0: 1}}, lacks=lacking(FALLBACK))
        judged = judge(run_of(seen, Checks(not_starved=True, max_fallback_rate=1)))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertEqual(
            judged.details[0].message,
            f"this kernel does not tell {FALLBACK}: it has no scx_event_stats.{FALLBACK}",
        )


if __name__ == "__main__":
    absltest.main()
