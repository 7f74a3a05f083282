# SPDX-License-Identifier: Apache-2.0
"""no_scx_error_events: any that comes within the steps fails, those before do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from absl.testing import absltest

from ktstr.judge.judge import judge
from ktstr.model.verdict.checks import Checks, Verdict
from ktstr.model.verdict.kinds import Kind
from tests.support.monitored import lacking, run_of, series

_Samples = Mapping[int | None, Callable[[int], int] | int]
_ON = Checks(not_starved=True, no_scx_error_events=True)
_OFFLINE, _NOT_OWNED = "SCX_EV_DISPATCH_LOCAL_DSQ_OFFLINE", "SCX_EV_INSERT_NOT_OWNED"


class ScxEventsTest(absltest.TestCase):
    def test_an_event_fails_with_its_number_and_time(self) -> None:
        seen = series({_OFFLINE: {None: 3}, _NOT_OWNED: {None: lambda ms: 5 if ms >= 400 else 2}})
        judged = judge(run_of(seen, _ON))
        (found,) = judged.details
        self.assertEqual((found.kind, found.subject), (Kind.SCX_EVENTS, _NOT_OWNED))
        self.assertEqual(found.at_ns, 1_400_000_000)
        self.assertEqual(
            found.message,
            "3 tasks were inserted into a DSQ by a scheduler that has them not "
            "(SCX_EV_INSERT_NOT_OWNED), from 400 ms after the start on",
        )
        self.assertIn("no_scx_error_events", [each.name for each in judged.checks])

    def test_their_number_is_a_figure_whatever_is_checked(self) -> None:
        rising: _Samples = {None: lambda ms: 5 if ms >= 400 else 2}
        for seen, expected in (
            (series({_OFFLINE: {None: 3}, _NOT_OWNED: rising}), 3.0),
            (series({_OFFLINE: rising, _NOT_OWNED: rising}), 6.0),
            (series({_OFFLINE: {None: 3}}, lacks=lacking(_NOT_OWNED)), 0.0),
            (series({}, lacks=lacking(_OFFLINE)), None),
            (None, None),
        ):
            total = judge(run_of(seen, Checks())).statistics.total
            self.assertEqual(total.scx_error_events, expected)

    def test_what_7_3_counts_in_place_of_another(self) -> None:
        """SCX_EV_REENQ_LOCAL_REPEAT has that name, and is of all DSQs."""
        rising: _Samples = {None: lambda ms: 4 if ms >= 400 else 0}
        lacks = lacking("SCX_EV_REENQ_LOCAL_REPEAT")
        seen = series({_OFFLINE: {None: 0}, "SCX_EV_REENQ_REPEAT": rising}, lacks=lacks)
        judged = judge(run_of(seen, _ON))
        self.assertIs(judged.verdict, Verdict.FAIL)
        self.assertStartsWith(judged.details[0].message, "4 tasks sent back were sent back again")

    def test_none_passes(self) -> None:
        seen = series({_OFFLINE: {None: 3}}, lacks=lacking(_NOT_OWNED))
        self.assertIs(judge(run_of(seen, _ON)).verdict, Verdict.PASS)

    def test_a_kernel_that_counts_none(self) -> None:
        judged = judge(run_of(series({}, lacks=lacking(_OFFLINE)), _ON))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertIn(f"does not tell {_OFFLINE}", judged.details[0].message)


if __name__ == "__main__":
    absltest.main()
