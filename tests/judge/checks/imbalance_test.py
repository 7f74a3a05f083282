# SPDX-License-Identifier: Apache-2.0
"""max_imbalance_ratio: what lasts fails, what does not passes, what nobody saw is inconclusive."""

from __future__ import annotations

import dataclasses
from typing import Any

from absl.testing import absltest, parameterized

from ktstr.introspect.monitor.series import How, MonitorSeries
from ktstr.judge.judge import judge
from ktstr.model.verdict.checks import Checks, Verdict
from ktstr.model.verdict.kinds import Kind
from tests.support import monitored, runs
from tests.support.monitored import run_of, series, spell
from tests.support.runs import MS

_LIMITED = Checks(not_starved=True, max_imbalance_ratio=3)


def lopsided(begin_ms: int, end_ms: int) -> MonitorSeries:
    """Six tasks on CPU 2 for a while, one on each of the others."""
    cpus: dict[int | None, Any] = {0: 1, 1: 1, 2: spell(begin_ms, end_ms, 6, 2), 3: 1}
    return series({"nr_running": cpus})


class ImbalanceTest(parameterized.TestCase):
    def test_what_lasts_fails_with_its_time(self) -> None:
        (found,) = judge(run_of(lopsided(200, 400), _LIMITED)).details
        self.assertEqual((found.kind, found.verdict), (Kind.IMBALANCE, Verdict.FAIL))
        self.assertEqual(found.at_ns, 1_300_000_000)
        self.assertEqual(
            found.message,
            "of CPUs 0-3 the fullest runqueue had 6 times the tasks of the emptiest, for 100 ms, "
            "from 200 to 300 ms after the start (limit 3 times)",
        )

    @parameterized.parameters((200, 296, Verdict.PASS), (200, 300, Verdict.FAIL))
    def test_what_does_not_last_passes(self, begin: int, end: int, verdict: Verdict) -> None:
        judged = judge(run_of(lopsided(begin, end), _LIMITED))
        self.assertIs(judged.verdict, verdict, judged.details)

    def test_how_long_it_must_last_is_asked_for(self) -> None:
        checks = dataclasses.replace(_LIMITED, sustained_ms=40)
        self.assertIs(judge(run_of(lopsided(200, 236), checks)).verdict, Verdict.PASS)
        self.assertIs(judge(run_of(lopsided(200, 240), checks)).verdict, Verdict.FAIL)

    def test_a_step_may_ask_for_another(self) -> None:
        run = run_of(lopsided(200, 240), _LIMITED)
        (scenario,) = run.scenarios
        (step,) = scenario.steps
        own = dataclasses.replace(step, checks=Checks(sustained_ms=40))
        run = dataclasses.replace(run, scenarios=(dataclasses.replace(scenario, steps=(own,)),))
        (found,) = [each for each in judge(run).details if each.kind is Kind.IMBALANCE]
        self.assertStartsWith(found.message, "step 0: of CPUs 0-3")

    def test_only_cpus_that_workers_may_use_are_compared(self) -> None:
        workers = (runs.worker(cpuset="0-1"),)
        judged = judge(run_of(lopsided(0, 1000), _LIMITED, workers=workers))
        self.assertNotIn(Kind.IMBALANCE, {each.kind for each in judged.details})

    def test_it_is_a_figure(self) -> None:
        judged = judge(run_of(lopsided(200, 400), Checks(not_starved=True)))
        self.assertEqual(judged.statistics.total.imbalance_ratio, 6.0)

    @parameterized.parameters(
        (None, "the run has no monitor"),
        (MonitorSeries(How.NOBODY, "no plugin"), "nobody looked at runqueues: no plugin"),
        (series({"local_dsq": {0: 1}}), "the monitor did not look at nr_running"),
        (
            series({}, lacks=monitored.lacking("nr_running")),
            "this kernel does not tell nr_running: it has no scx_event_stats.nr_running",
        ),
        (
            dataclasses.replace(lopsided(0, 0), at_ns=tuple(9 * at for at in monitored.AT)),
            "0 samples of the monitor in 1.000 s",
        ),
    )
    def test_what_was_not_seen_is_inconclusive(
        self, monitor: MonitorSeries | None, words: str
    ) -> None:
        judged = judge(run_of(monitor, _LIMITED))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertIn(words, judged.details[0].message)

    def test_what_comes_back_after_a_sleep_of_all_cpus_has_not_lasted(self) -> None:
        # bursts of 12 ms each 200 ms, with four tasks on one CPU; no CPU ticks in between
        kept = [at for at in monitored.AT if (at - monitored.AT[0]) % (200 * MS) <= 12 * MS]
        bursts = series({"nr_running": {0: 4, 1: 0, 2: 0, 3: 0}})
        columns = tuple(
            dataclasses.replace(each, values=each.values[: len(kept)]) for each in bursts.columns
        )
        seen = dataclasses.replace(bursts, at_ns=tuple(kept), columns=columns)
        (found,) = judge(run_of(seen, _LIMITED)).details
        self.assertIs(found.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("no samples follow each other for 100 ms", found.message)
        checks = dataclasses.replace(_LIMITED, sustained_ms=12)
        self.assertIs(judge(run_of(seen, checks)).verdict, Verdict.FAIL)
        # the host looks seldom, and knows nothing of sleep
        read = dataclasses.replace(seen, how=How.MEMORY)
        self.assertIs(judge(run_of(read, _LIMITED)).verdict, Verdict.FAIL)

    def test_a_step_shorter_than_it_must_last(self) -> None:
        checks = dataclasses.replace(_LIMITED, sustained_ms=2000)
        judged = judge(run_of(lopsided(0, 1000), checks))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("take a smaller sustained_ms", judged.details[0].message)


if __name__ == "__main__":
    absltest.main()
