# SPDX-License-Identifier: Apache-2.0
"""How long steps and the Backdrop take to be torn down."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.judge.checks import cleanup
from ktstr.model.facts import ScenarioFacts, StepFacts
from tests.support import runs
from tests.support.runs import MS, S


class CleanupTest(absltest.TestCase):
    def test_steps_and_the_backdrop_are_timed(self) -> None:
        step = StepFacts(0, "", S, 2 * S, 2 * S + 40 * MS)
        facts = ScenarioFacts(S, 3 * S, 1, 1, steps=(step,), cleanup_ns=7 * MS)
        scope = runs.scope(runs.worker(), scenarios=(facts,))
        (slow,) = cleanup.MAX_CLEANUP.judge(scope, 39)
        self.assertIn("the cleanup after step 0 took 40.0 ms (limit 39 ms)", slow.message)
        self.assertLen(cleanup.MAX_CLEANUP.judge(scope, 6), 2)


if __name__ == "__main__":
    absltest.main()
