# SPDX-License-Identifier: Apache-2.0
"""What callbacks cost in real guests: the same in each run, and a longer one is seen."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.execute.outcome import Outcome
from ktstr.introspect.costs.costs import Cost, OpCosts
from ktstr.model.verdict.checks import Verdict
from tests.support.prepared import prepared

_CONFIG = "_main/tests/introspect/costs/{}_subject.config.json"


def _outcomes(scheduler: str, count: int) -> list[Outcome]:
    """Of so many runs of one test, which asks for costs by its claims."""
    with prepared(_CONFIG.format(scheduler), lambda cases: count) as target:
        return [target.session.run(target.cases, lambda _: None)[0] for _ in range(count)]


def _costs(outcome: Outcome) -> OpCosts:
    assert outcome.run.op_costs is not None
    return outcome.run.op_costs


def _enqueue(outcome: Outcome) -> Cost:
    return next(each for each in _costs(outcome).costs if each.whose == "op.enqueue")


class GuestTest(absltest.TestCase):
    plain: list[Outcome]
    longer: list[Outcome]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.plain, cls.longer = _outcomes("plain", 2), _outcomes("longer", 1)

    def test_every_number_is_equal_in_two_runs(self) -> None:
        one, other = map(_costs, self.plain)
        self.assertEqual(one.problem, "")
        self.assertGreater(sum(cost.count for cost in one.costs), 1000)
        self.assertEqual(one, other)

    def test_a_few_instructions_more_are_seen(self) -> None:
        plain, longer = _enqueue(self.plain[0]), _enqueue(self.longer[0])
        more = longer.percentile(50) - plain.percentile(50)
        # the test of nothing is not compiled in: the addition and what it needs are all
        self.assertBetween(more, 1, 10)

    def test_a_claim_is_judged_by_them(self) -> None:
        claims = {claim.name: claim for claim in self.plain[0].judgement.claims}
        enqueue = _enqueue(self.plain[0])
        p99 = claims["op.enqueue.instructions_p99"]
        self.assertEqual((p99.value, p99.verdict), (enqueue.percentile(99), Verdict.PASS))
        self.assertEqual(claims["op.enqueue.count"].value, enqueue.count)
        self.assertIs(claims["kernel.switch.instructions_p50"].verdict, Verdict.PASS)
        self.assertIn("no call of op.yield", claims["op.yield.instructions_p99"].why)
        self.assertIn("may sleep", claims["op.init.instructions_max"].why)

    def test_a_switch_takes_more_than_its_pick(self) -> None:
        costs = {cost.whose: cost for cost in _costs(self.plain[0]).costs}
        self.assertGreater(
            costs["kernel.switch"].percentile(50), costs["kernel.pick_task_scx"].percentile(50)
        )
        # the kernel's enqueue calls the scheduler's
        self.assertGreater(costs["kernel.enqueue_task_scx"].maximum, costs["op.enqueue"].maximum)


if __name__ == "__main__":
    absltest.main()
