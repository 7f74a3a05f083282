# SPDX-License-Identifier: Apache-2.0
"""`after` functions over real runs, and again over the saved ones."""

from pathlib import Path

from absl.testing import absltest

from ktstr.rejudge.rejudge import rejudge
from tests.support.running import Running

_TARGET = "_main/tests/after/looked_at"


class LookedAtTest(absltest.TestCase):
    def test_each_comes_to_its_verdict_and_does_so_again(self) -> None:
        running = Running(_TARGET, Path(self.create_tempdir().full_path), timeout_s=240)
        self.addCleanup(running.close)
        ended = running.wait()
        found = {name: result["verdict"] for name, result in ended.results().items()}
        self.assertEqual(
            found, {"content": "PASS", "finds_fault": "FAIL", "has_a_mistake": "INCONCLUSIVE"}
        )
        self.assertRegex(ended.text, "after: one_worker_more: 2 workers, and 3 are wanted")
        self.assertRegex(
            ended.text,
            r"usage: tests/after/looked_at.py: after=mistaken of test has_a_mistake: figure "
            r"'work_unitz' of cgroup 'left' was not measured \(did you mean 'work_units'\?\)",
        )
        self.assertIn(
            "twice_as_much found nothing against it afterwards", str(ended.result("content"))
        )
        for name in found:
            again = rejudge(ended.outputs / name)
            assert again is not None
            self.assertTrue(again.is_same, (name, again.parts))


if __name__ == "__main__":
    absltest.main()
