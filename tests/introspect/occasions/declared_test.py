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
            list(found), ["let-go", "enabled", "load[1]", "load[2]", "load[3]"], ended.text
        )
        self.assertEqual(found["enabled"]["extension"]["state"], "enabled")
        self.assertEqual(
            found["enabled"]["cause"].partition(",")[0],
            "scx_ops_enable_state_var has changed and is equal to 1",
        )
        self.assertNotEqual(found["let-go"]["extension"]["state"], "disabled")
        at = [int(found[f"load[{number}]"]["at_ns"]) for number in (1, 2, 3)]
        for before, after in pairwise(at):
            # to a tick of 4 ms, which some CPU has a little before another
            self.assertBetween(after - before, 47_000_000, 57_000_000)
        for number in (1, 2, 3):
            names = {each["comm"] for each in found[f"load[{number}]"]["tasks"]}
            self.assertContainsSubset({f"w0.0.{worker}" for worker in range(4)}, names)
        self.assertEqual(found["load[3]"]["since"], "load[2]")
        self.assertNotEmpty(found["load[3]"]["changes"])

        mistaken = ended.result("mistaken")
        self.assertEqual(mistaken["verdict"], "INCONCLUSIVE")
        message = mistaken["details"][0]["message"]
        self.assertStartsWith(message, "snapshot 'never': kernel 6.12")
        self.assertEndsWith(
            message, "has no symbol 'scx_ops_bypas' (did you mean 'scx_ops_bypass'?)"
        )


if __name__ == "__main__":
    absltest.main()
