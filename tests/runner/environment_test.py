# SPDX-License-Identifier: Apache-2.0
"""Bazel's test environment, the time it allows, and the accelerator."""

import time
from dataclasses import dataclass
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.model.accel import Accel
from ktstr.model.errors import UsageError
from ktstr.runner.accel import choose_accel
from ktstr.runner.bazel import BazelTest, Budget
from ktstr.runner.selection import Selection, Shard


class BazelTestTest(parameterized.TestCase):
    def test_reads_what_bazel_sets(self) -> None:
        env = BazelTest.read(
            {
                "TESTBRIDGE_TEST_ONLY": "steady",
                "TEST_SHARD_INDEX": "1",
                "TEST_TOTAL_SHARDS": "3",
                "TEST_TIMEOUT": "300",
                "XML_OUTPUT_FILE": "/x/test.xml",
                "TEST_UNDECLARED_OUTPUTS_DIR": "/x/test.outputs",
            }
        )
        self.assertEqual(env.selection, Selection("steady", Shard(1, 3)))
        self.assertEqual(env.timeout_s, 300.0)
        self.assertEqual(env.xml_file, Path("/x/test.xml"))
        self.assertIsNone(env.warnings_file)

    def test_everything_may_be_missing(self) -> None:
        env = BazelTest.read({"TEST_TOTAL_SHARDS": ""})
        self.assertEqual(env.selection, Selection())
        self.assertIsNone(env.timeout_s)

    @parameterized.parameters(
        ({"TEST_TIMEOUT": "soon"}, "TEST_TIMEOUT is 'soon'"),
        ({"TEST_SHARD_INDEX": "3", "TEST_TOTAL_SHARDS": "2"}, "shard 3 of 2"),
    )
    def test_refuses_nonsense(self, environ: dict[str, str], message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            BazelTest.read(environ)

    def test_an_early_exit_leaves_its_mark(self) -> None:
        root = Path(self.create_tempdir().full_path)
        mark, status = root / "premature", root / "shards"
        env = BazelTest.read(
            {"TEST_PREMATURE_EXIT_FILE": str(mark), "TEST_SHARD_STATUS_FILE": str(status)}
        )
        env.enter()
        self.assertTrue(mark.exists() and status.exists())
        env.leave()
        self.assertFalse(mark.exists())
        self.assertTrue(status.exists())

    def test_warnings_are_lines(self) -> None:
        path = Path(self.create_tempdir().full_path, "warnings")
        env = BazelTest.read({"TEST_WARNINGS_OUTPUT_FILE": str(path)})
        env.warn("first\nstill first")
        env.warn("second")
        self.assertEqual(path.read_text(), "first still first\nsecond\n")


class BudgetTest(absltest.TestCase):
    def test_ends_before_bazels_timeout(self) -> None:
        before = time.monotonic()
        self.assertLessEqual(Budget.start(300.0).left_s(), 290.0)
        self.assertGreater(Budget.start(300.0).left_s(), 285.0 - (time.monotonic() - before))
        self.assertLessEqual(Budget.start(20.0).left_s(), 16.0)

    def test_without_a_limit(self) -> None:
        self.assertEqual(Budget.start(None).left_s(), float("inf"))


@dataclass(frozen=True)
class _Verdict:
    usable: bool
    words: str = "a story"


class AccelTest(absltest.TestCase):
    def test_auto_goes_by_the_probe(self) -> None:
        self.assertEqual(choose_accel("auto", lambda: _Verdict(True)).accel, Accel.KVM)
        choice = choose_accel("auto", lambda: _Verdict(False))
        self.assertEqual((choice.accel, choice.probe), (Accel.VIRTUAL, "a story"))

    def test_no_probe_where_it_does_not_matter(self) -> None:
        def never() -> _Verdict:
            raise AssertionError("probed")

        self.assertEqual(choose_accel("virtual", never).accel, Accel.VIRTUAL)
        self.assertEqual(choose_accel("tcg", never).accel, Accel.TCG)

    def test_kvm_by_name_is_never_replaced_in_silence(self) -> None:
        with self.assertRaisesRegex(UsageError, "KVM does not work here: a story; use accel"):
            choose_accel("kvm", lambda: _Verdict(False))


if __name__ == "__main__":
    absltest.main()
