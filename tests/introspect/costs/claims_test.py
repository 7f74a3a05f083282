# SPDX-License-Identifier: Apache-2.0
"""Claims about what calls cost."""

from absl.testing import absltest, parameterized

from ktstr import StatClaim, stat
from ktstr.introspect.costs.costs import Cost, OpCosts
from ktstr.judge.claim_result import ClaimResult
from ktstr.judge.claims import check_claims
from ktstr.judge.judge import judge
from ktstr.model.errors import UsageError
from ktstr.model.verdict.checks import Verdict
from tests.support import runs

_COSTS = OpCosts((Cost("op.enqueue", (100, 150, 400)),), asleep=("op.init",))


def _judged(claim: StatClaim, costs: OpCosts | None) -> ClaimResult:
    run = runs.good_run(runs.plan(claims=(claim,)), op_costs=costs)
    (result,) = judge(run).claims
    return result


class ClaimsTest(parameterized.TestCase):
    def test_a_claim_reads_the_number(self) -> None:
        held = _judged(stat("op.enqueue.instructions_p50").at_most(150), _COSTS)
        self.assertEqual((held.value, held.verdict), (150, Verdict.PASS))
        broken = _judged(stat("op.enqueue.instructions_max").at_most(150), _COSTS)
        self.assertEqual((broken.value, broken.verdict), (400, Verdict.FAIL))

    @parameterized.parameters(
        ("op.tick.count", _COSTS, "there was no call of op.tick; there were calls of op.enqueue"),
        ("op.init.count", _COSTS, "op.init may sleep, so that its calls are not counted"),
        ("op.enqueue.count", OpCosts(problem="no plugin"), "no plugin"),
        ("op.enqueue.count", None, "instructions were not counted"),
    )
    def test_what_was_not_counted_is_inconclusive(
        self, name: str, costs: OpCosts | None, why: str
    ) -> None:
        result = _judged(stat(name).at_least(0), costs)
        self.assertEqual((result.verdict, result.why), (Verdict.INCONCLUSIVE, why))

    def test_a_figure_that_there_is_not_is_refused_before_anything_boots(self) -> None:
        for claim, words in (
            (stat("op.enqueue.instructions_p90").at_most(1), "no figure 'instructions_p90' .did"),
            (stat("op.enqueue.count", step="0").at_most(1), "for the whole run alone"),
        ):
            with self.assertRaisesRegex(UsageError, words):
                check_claims((claim,), runs.plan().scenario)


if __name__ == "__main__":
    absltest.main()
