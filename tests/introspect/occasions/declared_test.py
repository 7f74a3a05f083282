# SPDX-License-Identifier: Apache-2.0
"""Snapshots that a test declares are in its result, of the instants that it names."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from absl.testing import absltest

from tests.support.running import Running


class DeclaredTest(absltest.TestCase):
    def test_result_has_them(self) -> None:
        directory = Path(self.create_tempdir().full_path)
        running = Running("_main/tests/introspect/occasions/declared", directory)
        self.addCleanup(running.close)
        ended = running.wait()
        result = ended.result("watched")
        self.assertEqual(result["verdict"], "PASS", ended.text)
        found: dict[str, Any] = {each["name"]: each for each in result["snapshots"]}
        self.assertEqual(
            list(found),
            ["let-go", "enabled", *(f"load[{number}]" for number in range(1, 6))],
            ended.text,
        )
        self.assertEqual(found["enabled"]["extension"]["state"], "enabled")
        self.assertEqual(
            found["enabled"]["cause"].partition(",")[0],
            "scx_ops_enable_state_var has changed and is equal to 1",
        )
        self.assertNotEqual(found["let-go"]["extension"]["state"], "disabled")
        at = [int(found[f"load[{number}]"]["at_ns"]) for number in range(1, 6)]
        for before, after in pairwise(at):
            # to a tick of 4 ms, which some CPU has a little before another
            self.assertBetween(after - before, 47_000_000, 57_000_000)
        # the first is of when the body begins, and its workers are not there yet
        for number in range(2, 6):
            names = {each["comm"] for each in found[f"load[{number}]"]["tasks"]}
            self.assertContainsSubset({f"w0.0.{worker}" for worker in range(4)}, names)
        self.assertEqual(found["load[3]"]["since"], "load[2]")
        self.assertNotEmpty(found["load[3]"]["changes"])

        claims = {each["name"]: each["verdict"] for each in result["claims"]}
        self.assertLen(claims, 3)
        self.assertEqual(set(claims.values()), {"PASS"}, claims)
        vain = ended.result("claimed_in_vain")
        self.assertEqual(vain["verdict"], "FAIL")
        self.assertRegex(
            vain["details"][0]["message"],
            r"claim 'nr_switches of 0 after step_start': 'least \d+ at 0\.\d+ s, most \d+ at "
            r"0\.\d+ s' is not steady, 2 from least to most",
        )

        mistaken = ended.result("mistaken")
        self.assertEqual(mistaken["verdict"], "INCONCLUSIVE")
        message = mistaken["details"][0]["message"]
        self.assertStartsWith(message, "snapshot 'never': kernel 6.12")
        self.assertEndsWith(
            message, "has no symbol 'scx_ops_bypas' (did you mean 'scx_ops_bypass'?)"
        )


if __name__ == "__main__":
    absltest.main()
