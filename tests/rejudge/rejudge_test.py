# SPDX-License-Identifier: Apache-2.0
"""A saved run that is judged again gives the result that it gave, or what differs is told."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.introspect.costs.costs import Cost, OpCosts
from ktstr.introspect.occasions.taken import Taken
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.model.errors import UsageError
from ktstr.model.wire.frames import encode_frame
from ktstr.record.read import read_run
from ktstr.record.run import RunRecord
from ktstr.rejudge.rejudge import rejudge
from ktstr.report.text import text_report
from ktstr.result import result_pb2
from ktstr.result.write import SCHEMA_VERSION, to_bytes
from tests.support.commanding import ktstr
from tests.support.results import CLONED, RUNS, result
from tests.support.saved import sendable, stream_of


def saved(name: str) -> RunRecord:
    """One of `RUNS` as a guest could have sent it."""
    run = RUNS[name]()
    return sendable(dataclasses.replace(run, start=run.start or CLONED))


class SavedTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)
        self.folder = self.top / "some/test"

    def save(self, run: RunRecord) -> result_pb2.Result:
        """Leaves what a test leaves of `run` in `self.folder`."""
        made = result(run)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "frames.bin").write_bytes(stream_of(run))
        self.change(made)
        return made

    def change(self, made: result_pb2.Result) -> None:
        """Puts another result beside the frames."""
        (self.folder / "result.pb").write_bytes(to_bytes(made))

    def run_main(self, *arguments: str) -> tuple[int, str]:
        """Exit code, and all that was printed."""
        said = ktstr("rejudge", self.top, *arguments, here=self.top)
        return said.code, said.out + said.err


class RejudgeTest(SavedTest):
    @parameterized.named_parameters((name, name) for name in RUNS)
    def test_the_run_is_read_back_and_judged_to_the_same_bytes(self, name: str) -> None:
        run = saved(name)
        made = self.save(run)
        self.assertEqual(read_run(self.folder, made).run, run)
        found = rejudge(self.folder)
        assert found is not None
        self.assertEqual(found.parts, ())
        self.assertTrue(found.is_same)
        self.assertEqual(self.run_main(), (0, "1 same, 0 different, 0 not judged, 0 errors\n"))

    def test_what_calls_cost_is_read_back(self) -> None:
        costs = OpCosts((Cost("op.enqueue", (3, 3, 9)),), ("op.init",), "less")
        made = self.save(dataclasses.replace(saved("starved"), op_costs=costs))
        self.assertEqual(made.op_costs.costs[0].p50, 3)
        self.assertIn("op.enqueue.instructions_max", [each.name for each in made.figures])
        self.assertEqual(read_run(self.folder, made).run.op_costs, costs)

    def test_declared_snapshots_are_read_back(self) -> None:
        first = Snapshot("load[1]", 40, "6.12", cause="0.1 s have passed", monotonic_ns=41)
        taken = Taken((first, dataclasses.replace(first, name="load[2]", at_ns=50)), "half")
        made = self.save(dataclasses.replace(saved("starved"), taken=taken))
        read = read_run(self.folder, made).run
        self.assertEqual(read.all_snapshots, taken.snapshots)
        self.assertEqual(read.taken, Taken(problem="half"))
        found = rejudge(self.folder)
        assert found is not None
        self.assertTrue(found.is_same)

    def test_what_is_judged_otherwise_today_is_told(self) -> None:
        made = self.save(saved("starved"))
        made.verdict = result_pb2.PASS
        del made.details[:]
        self.change(made)
        code, said = self.run_main()
        self.assertEqual(code, 1)
        self.assertIn(f"{self.folder}: verdict, details differ\n  was: PASS ", said)
        self.assertRegex(said, "  is:  FAIL .* did no work")
        self.assertIn("0 same, 1 different", said)

    def test_the_frames_are_what_is_judged(self) -> None:
        self.save(saved("passed"))
        stream = (self.folder / "frames.bin").read_bytes()
        (self.folder / "frames.bin").write_bytes(stream[:-1])
        found = rejudge(self.folder)
        assert found is not None
        self.assertEqual(found.after.verdict, result_pb2.INCONCLUSIVE)
        self.assertIn("transport", found.parts)

    def test_the_console_is_read_again(self) -> None:
        self.save(saved("passed"))
        (self.folder / "console.log").write_text(
            "[    1.234567] Kernel panic - not syncing: sysrq triggered crash\n"
        )
        (self.folder / "qemu.cmd").write_text("qemu -append 'printk.time=1'\n")
        found = rejudge(self.folder)
        assert found is not None
        self.assertIn("console", found.parts)
        self.assertEqual(found.after.verdict, result_pb2.FAIL)

    def test_a_test_without_a_guest_was_never_judged(self) -> None:
        made = self.save(saved("passed"))
        made.host.ClearField("start")
        self.change(made)
        self.assertIsNone(rejudge(self.folder))
        self.assertEqual(self.run_main(), (0, "0 same, 0 different, 1 not judged, 0 errors\n"))

    def test_what_is_compared_with_is_not_written_over(self) -> None:
        made = self.save(saved("passed"))
        for into in (self.top, self.top / "some/below"):
            code, said = self.run_main("--into", str(into))
            self.assertEqual(code, 3)
            self.assertIn("whose results are what is compared with", said)
        self.assertEqual((self.folder / "result.pb").read_bytes(), to_bytes(made))

    def test_frames_of_a_kind_that_is_no_more(self) -> None:
        self.save(saved("passed"))
        frames = self.folder / "frames.bin"
        frames.write_bytes(encode_frame(16, 0, {}) + frames.read_bytes())
        code, said = self.run_main()
        self.assertEqual(code, 3)
        self.assertIn("1 of its frames are of kinds that it does not know", said)

    def test_what_is_made_today_is_written_elsewhere(self) -> None:
        made = self.save(saved("starved"))
        into = self.create_tempdir().full_path
        self.run_main(f"--into={into}")
        self.assertEqual(Path(into, "some/test/result.pb").read_bytes(), to_bytes(made))
        self.assertEqual(Path(into, "some/test/report.txt").read_text(), text_report(made))


class UnreadableTest(SavedTest):
    def refused(self, words: str) -> None:
        with self.assertRaisesRegex(UsageError, words):
            rejudge(self.folder)
        code, said = self.run_main()
        self.assertEqual(code, 3)
        self.assertRegex(said, words)
        self.assertIn("1 errors", said)

    def test_frames_are_missing(self) -> None:
        self.save(saved("passed"))
        (self.folder / "frames.bin").unlink()
        self.refused("cannot read .*some/test/frames.bin, which holds what the guest sent")

    def test_a_console_is_no_file(self) -> None:
        self.save(saved("passed"))
        (self.folder / "console.log").mkdir()
        self.refused("cannot read the console in .*some/test: Is a directory")

    @parameterized.parameters(b"\xff\xff", b"")
    def test_no_result(self, content: bytes) -> None:
        self.save(saved("passed"))
        (self.folder / "result.pb").write_bytes(content)
        self.refused("some/test/result.pb holds no result")

    def test_a_newer_result(self) -> None:
        made = self.save(saved("passed"))
        made.schema_version = SCHEMA_VERSION + 1
        self.change(made)
        self.refused(f"schema version {SCHEMA_VERSION + 1} and this ktstr knows {SCHEMA_VERSION}")

    def test_an_older_result(self) -> None:
        made = self.save(saved("passed"))
        made.schema_version = SCHEMA_VERSION - 1
        self.change(made)
        self.refused(f"a result of schema {SCHEMA_VERSION - 1}; this ktstr judges {SCHEMA_VERSION}")

    @parameterized.parameters("{}", "no JSON", "[]")
    def test_a_plan_of_another_version(self, plan: str) -> None:
        made = self.save(saved("passed"))
        made.identity.plan_json = plan
        self.change(made)
        self.refused("the run in .*some/test is of another version than this ktstr")

    def test_a_word_of_another_version(self) -> None:
        made = self.save(saved("passed"))
        made.ending.kind = "vanished"
        self.change(made)
        self.refused("another version than this ktstr: 'vanished' is not a valid EndingKind")

    def test_no_folder_with_a_result(self) -> None:
        code, said = self.run_main()
        self.assertEqual(code, 3)
        self.assertIn(f"no result.pb in {self.top} or below", said)


if __name__ == "__main__":
    absltest.main()
