# SPDX-License-Identifier: Apache-2.0
"""How a test function ended becomes findings: its own word, its end, what it left behind."""

from absl.testing import absltest, parameterized

from ktstr.judge.run.function import outcome
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from tests.support import runs


class FunctionTest(parameterized.TestCase):
    def test_one_that_returned_is_no_finding(self) -> None:
        self.assertEqual(outcome("f", runs.outcome()), [])

    @parameterized.parameters(
        ("raised", "f raised: why"),
        ("exited", "f ended its process instead of returning: why"),
        ("signalled", "f was killed by a signal: why"),
        ("deadline", "f did not end within its timeout and was killed: why"),
    )
    def test_one_that_did_not_return_failed(self, how: str, words: str) -> None:
        (detail,) = outcome("f", runs.outcome(outcome=how, detail="why"))
        self.assertEqual((detail.kind, detail.verdict), (Kind.TEST_ERROR, Verdict.FAIL))
        self.assertEqual(detail.message, words)

    @parameterized.parameters(("skip", Verdict.SKIP), ("fail", Verdict.FAIL))
    def test_its_own_word_counts_however_it_ended(self, word: str, verdict: Verdict) -> None:
        facts = runs.outcome(outcome="raised", verdict=Verdict[word.upper()].value, detail="no fs")
        (detail,) = outcome("f", facts)
        self.assertIs(detail.verdict, verdict)
        self.assertIn("no fs", detail.message)

    def test_one_that_asked_what_nobody_answers_is_not_judged(self) -> None:
        facts = runs.outcome(verdict="inconclusive", detail="nobody looks into this guest")
        (detail,) = outcome("f", facts)
        self.assertEqual((detail.kind, detail.verdict), (Kind.NO_DATA, Verdict.INCONCLUSIVE))
        self.assertEqual(detail.message, "f could not be carried out: nobody looks into this guest")

    def test_what_it_left_behind_is_a_failure_of_its_own(self) -> None:
        facts = runs.outcome(left_behind=("sleep[7]", "cat[8]"))
        (detail,) = outcome("f", facts)
        self.assertIs(detail.verdict, Verdict.FAIL)
        self.assertIn("f left 2 processes behind (sleep[7], cat[8])", detail.message)


if __name__ == "__main__":
    absltest.main()
