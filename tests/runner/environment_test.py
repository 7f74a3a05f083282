# SPDX-License-Identifier: Apache-2.0
"""Bazel's test environment."""

from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.model.errors import UsageError
from ktstr.runner.bazel import BazelTest
from ktstr.runner.cases.selection import Selection, Shard
from ktstr.runner.repetition import Repetition
from tests.support import targets


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
        ({"TEST_RUN_NUMBER": "first"}, "TEST_RUN_NUMBER is 'first'"),
        ({"TEST_RANDOM_SEED": "-1"}, "TEST_RANDOM_SEED is '-1'; a whole number is expected"),
        (
            {"TEST_RANDOM_SEED": "9" * 5000},
            r"is '9{30}\.\.\.'; a whole number .* of 30 digits at most",
        ),
    )
    def test_refuses_nonsense(self, environ: dict[str, str], message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            BazelTest.read(environ)

    @parameterized.parameters(
        ({}, 1),
        ({"TEST_RANDOM_SEED": "1"}, 1),
        ({"TEST_RANDOM_SEED": "5"}, 5),
        ({"TEST_RUN_NUMBER": "1", "TEST_RANDOM_SEED": "1"}, 1),
        ({"TEST_RUN_NUMBER": "4", "TEST_RANDOM_SEED": "4"}, 4),
        ({"TEST_RUN_NUMBER": "4"}, 4),
        ({"TEST_RUN_NUMBER": "4", "TEST_RANDOM_SEED": "77"}, 77),
    )
    def test_each_run_of_several_has_a_seed_of_its_own(
        self, environ: dict[str, str], seed: int
    ) -> None:
        repetition = BazelTest.read(environ).repetition
        self.assertEqual(repetition.number, int(environ.get("TEST_RUN_NUMBER", "0")))
        self.assertEqual(repetition.of(targets.target()).seed, seed)
        self.assertEqual(repetition.of(targets.target(seed=10)).seed, 9 + seed)
        self.assertEqual(repetition.of(targets.target(same_seed=True)).seed, 1)

    def test_seeds_stay_where_the_flag_can_give_them(self) -> None:
        last = targets.target(seed=(1 << 31) - 1)
        self.assertEqual(Repetition(2, 2).of(last).seed, 0)

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


if __name__ == "__main__":
    absltest.main()
