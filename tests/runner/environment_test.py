# SPDX-License-Identifier: Apache-2.0
"""Bazel's test environment, the time it allows, and the accelerator."""

import dataclasses
import time
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.model.accel import Accel
from ktstr.model.errors import UsageError
from ktstr.model.topology import Topology
from ktstr.runner.accel import Room, choose_accel
from ktstr.runner.bazel import BazelTest, Budget
from ktstr.runner.repetition import Repetition
from ktstr.runner.selection import Selection, Shard
from tests.runner import samples


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
        self.assertEqual(repetition.of(samples.target()).seed, seed)
        self.assertEqual(repetition.of(samples.target(seed=10)).seed, 9 + seed)
        self.assertEqual(repetition.of(samples.target(same_seed=True)).seed, 1)

    def test_seeds_stay_where_the_flag_can_give_them(self) -> None:
        last = samples.target(seed=(1 << 31) - 1)
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


class BudgetTest(absltest.TestCase):
    def test_ends_before_bazels_timeout(self) -> None:
        before = time.monotonic()
        self.assertLessEqual(Budget.start(300.0).left_s(), 290.0)
        self.assertGreater(Budget.start(300.0).left_s(), 285.0 - (time.monotonic() - before))
        self.assertLessEqual(Budget.start(20.0).left_s(), 16.0)

    def test_without_a_limit(self) -> None:
        self.assertEqual(Budget.start(None).left_s(), float("inf"))


@dataclasses.dataclass(frozen=True)
class _Verdict:
    usable: bool
    words: str = "a story"


_ROOM = Room(Topology.parse("1n1l2c1t"), host_cpus=2, oversized="refuse")
_SHORT = Room(Topology.parse("1n1l4c1t"), host_cpus=2, oversized="tcg")


def _never() -> _Verdict:
    raise AssertionError("probed")


class AccelTest(absltest.TestCase):
    def test_auto_goes_by_the_probe(self) -> None:
        self.assertEqual(choose_accel("auto", lambda: _Verdict(True), _ROOM).accel, Accel.KVM)
        choice = choose_accel("auto", lambda: _Verdict(False), _ROOM)
        self.assertEqual((choice.accel, choice.probe), (Accel.VIRTUAL, "a story"))

    def test_no_probe_where_it_does_not_matter(self) -> None:
        self.assertEqual(choose_accel("virtual", _never, _SHORT).accel, Accel.VIRTUAL)
        self.assertEqual(choose_accel("tcg", _never, _SHORT).accel, Accel.TCG)

    def test_kvm_by_name_is_never_replaced_in_silence(self) -> None:
        with self.assertRaisesRegex(UsageError, "KVM does not work here: a story; use accel"):
            choose_accel("kvm", lambda: _Verdict(False), _ROOM)
        self.assertEqual(choose_accel("kvm", lambda: _Verdict(True), _SHORT).accel, Accel.KVM)

    def test_auto_emulates_a_machine_that_is_larger_than_this_one(self) -> None:
        choice = choose_accel("auto", lambda: _Verdict(True), _SHORT)
        self.assertIs(choice.accel, Accel.VIRTUAL)
        self.assertIn("oversized = 'tcg'", choice.reason)
        self.assertIn("has 4 CPUs, and this machine lets us use 2", choice.probe)

    def test_the_reason_of_a_machine_without_kvm_is_not_its_size(self) -> None:
        roomy = choose_accel("auto", lambda: _Verdict(False), _ROOM)
        short = choose_accel("auto", lambda: _Verdict(False), _SHORT)
        self.assertEqual(roomy, short)

    def test_refused_whatever_the_accelerator(self) -> None:
        room = dataclasses.replace(_SHORT, oversized="refuse")
        for asked in ("auto", "kvm", "tcg", "virtual"):
            with self.assertRaisesRegex(UsageError, "1n1l4c1t has 4 CPUs, .* use 2; .*refuse"):
                choose_accel(asked, _never, room)


if __name__ == "__main__":
    absltest.main()
