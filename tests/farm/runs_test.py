# SPDX-License-Identifier: Apache-2.0
"""What counts as a wrong verdict, and as a lost or a doubled result."""

from dataclasses import replace
from pathlib import Path

from absl.testing import absltest

from ktstr.result import result_pb2
from tests.farm.runs import Compared, Run, compared, facts_of

_TEST = "//sched:test"
_RIGHT = Run(((_TEST, "PASSED"),), {"test.outputs/a": b"1", "test.outputs/b": b"2"})


class RunsTest(absltest.TestCase):
    def test_nothing_is_wrong_with_the_same(self) -> None:
        self.assertEqual(Compared(), compared(_RIGHT, _RIGHT))

    def test_another_verdict_is_wrong(self) -> None:
        for status in ("FAILED", "TIMEOUT", "FLAKY"):
            found = compared(replace(_RIGHT, verdicts=((_TEST, status),)), _RIGHT)
            self.assertEqual(Compared(wrong=(f"{_TEST} {status}",)), found)

    def test_other_facts_are_wrong(self) -> None:
        found = compared(replace(_RIGHT, facts={**_RIGHT.facts, "test.outputs/b": b"3"}), _RIGHT)
        self.assertEqual(Compared(wrong=("other facts: test.outputs/b",)), found)

    def test_what_is_not_there_is_lost(self) -> None:
        found = compared(replace(_RIGHT, facts={"test.outputs/a": b"1"}), _RIGHT)
        self.assertEqual(Compared(lost=("no result: test.outputs/b",)), found)
        found = compared(replace(_RIGHT, verdicts=()), _RIGHT)
        self.assertEqual(Compared(lost=("0 reports for 1",)), found)
        found = compared(Run((), why="UNAVAILABLE"), _RIGHT)
        self.assertEqual(Compared(lost=("no verdict: UNAVAILABLE",)), found)

    def test_what_is_there_twice_is_doubled(self) -> None:
        twice = replace(_RIGHT, verdicts=2 * _RIGHT.verdicts)
        self.assertEqual(Compared(doubled=("2 reports for 1",)), compared(twice, _RIGHT))
        more = replace(_RIGHT, facts={**_RIGHT.facts, "attempt_2/a": b"1"})
        self.assertEqual(
            Compared(doubled=("not there locally: attempt_2/a",)), compared(more, _RIGHT)
        )

    def test_facts_are_all_but_what_may_differ(self) -> None:
        found = []
        for name, verdict in (("one", "PASS"), ("two", "PASS"), ("one", "FAIL")):
            logs = Path(self.create_tempdir().full_path)
            (logs / "test.outputs/spin").mkdir(parents=True)
            result = result_pb2.Result(schema_version=1, verdict=verdict)
            result.host.hostname = name
            (logs / "test.outputs/spin/result.pb").write_bytes(result.SerializeToString())
            found.append(facts_of(logs))
        self.assertEqual(found[0], found[1])
        self.assertNotEqual(found[0], found[2])
        self.assertEqual(["test.outputs/spin"], list(found[0]))


if __name__ == "__main__":
    absltest.main()
