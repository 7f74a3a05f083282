# SPDX-License-Identifier: Apache-2.0
"""max_local_dsq_depth: each CPU's local DSQ by itself, and a scheduler's own as figures."""

from __future__ import annotations

import dataclasses

from absl.testing import absltest

from ktstr.judge.judge import judge
from ktstr.model.verdict.checks import Checks, Verdict
from ktstr.model.verdict.kinds import Kind
from tests.support.monitored import lacking, run_of, series, spell
from tests.support.runs import MS, S

_LIMITED = Checks(not_starved=True, max_local_dsq_depth=4)


class DsqDepthTest(absltest.TestCase):
    def test_a_long_queue_fails_and_names_its_cpu(self) -> None:
        seen = series({"local_dsq": {0: 1, 1: spell(100, 300, 9, outside=5), 2: 0, 3: 4}})
        judged = judge(run_of(seen, _LIMITED))
        (found,) = judged.details
        self.assertEqual((found.kind, found.subject), (Kind.LOCAL_DSQ_DEPTH, "CPU 1"))
        self.assertStartsWith(
            found.message,
            "CPU 1 had 9 tasks in its local DSQ for 100 ms, from 100 to 200 ms after the start",
        )
        # not when it was longest, but when it first was too long for as long as is asked
        self.assertEqual(found.at_ns, S + 100 * MS)
        line = next(each for each in judged.checks if each.name == "max_local_dsq_depth")
        self.assertEqual((line.measured, line.subject), (9.0, "CPU 1"))

    def test_a_peak_is_none(self) -> None:
        seen = series({"local_dsq": {0: spell(100, 120, 90), 1: 4}})
        self.assertIs(judge(run_of(seen, _LIMITED)).verdict, Verdict.PASS)

    def test_a_queue_is_not_long_while_all_cpus_sleep(self) -> None:
        seen = series({"local_dsq": {0: 9}})
        half = seen.at_ns[len(seen.at_ns) // 2]
        later = tuple(at + 60 * MS * (at >= half) for at in seen.at_ns)
        gap = dataclasses.replace(seen, at_ns=later)
        checks = dataclasses.replace(_LIMITED, sustained_ms=600)
        self.assertIs(judge(run_of(seen, checks)).verdict, Verdict.FAIL)
        self.assertIs(judge(run_of(gap, checks)).verdict, Verdict.INCONCLUSIVE)

    def test_a_kernel_without_sched_ext(self) -> None:
        seen = series({}, lacks=lacking("local_dsq"))
        judged = judge(run_of(seen, _LIMITED))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("this kernel does not tell local_dsq", judged.details[0].message)

    def test_depths_are_figures(self) -> None:
        seen = series({"local_dsq": {0: 2}, "user_dsq": {7: spell(0, 500, 12), 8: 3}})
        total = judge(run_of(seen, Checks(not_starved=True))).statistics.total
        self.assertEqual((total.local_dsq_depth, total.user_dsq_depth), (2.0, 12.0))


if __name__ == "__main__":
    absltest.main()
