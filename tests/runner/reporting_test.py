# SPDX-License-Identifier: Apache-2.0
"""What the runner leaves behind for people, programs and Bazel."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
from pathlib import Path
from xml.etree import ElementTree

from absl.testing import absltest

from ktstr.execute.outcome import Outcome
from ktstr.host.accel import Accel
from ktstr.judge.judge import judge
from ktstr.machine.prepared.accel import AccelChoice
from ktstr.machine.prepared.store_use import StoreUse
from ktstr.model.errors import InfraError, UsageError
from ktstr.record.identity import FileDigest, Identity, KernelIdentity
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.runner.bazel import BazelTest
from ktstr.runner.reporting import Reporter, report_abort
from ktstr.vm.disk.disks import DiskSpec
from tests.support import runs, targets

_FILE = FileDigest("file", "0" * 64)
_IDENTITY = Identity(
    label="//sched:t",
    bazel="bazel",
    kernel=KernelIdentity("//sched/kernels:linux", _FILE, _FILE),
    scheduler=None,
    accel=Accel.VIRTUAL,
    accel_reason="accel = 'virtual' of the target",
    seed=1,
    initramfs=(_FILE,),
    qemu=_FILE,
    brought=(),
    machine="",
)


class ReporterTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.create_tempdir().full_path)
        self.xml = self.folder / "test.xml"
        self.environment = BazelTest.read({"XML_OUTPUT_FILE": str(self.xml)})
        choice = AccelChoice(Accel.VIRTUAL, "asked for", "tried, and it works")
        self.use = StoreUse()
        outputs, names = self.folder / "outputs", ["pairs", "other"]
        self.reporter = Reporter(self.environment, outputs, _IDENTITY, choice, self.use, names)

    def _report(self, *records: RunRecord) -> str:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            for record in records:
                self.reporter.done(Outcome(record, judge(record), {"total": 2.5}))
            self.reporter.save()
        return said.getvalue()

    def test_a_pass_is_one_line(self) -> None:
        said = self._report(runs.good_run())
        lines = said.splitlines()
        self.assertEqual(lines[-1], "PASS //sched:t::pairs (2.5 s)")

    def test_a_failure_is_told_in_full_with_what_to_run_next(self) -> None:
        late = runs.worker(max_gap_ns=700 * runs.MS)
        said = self._report(runs.good_run(workers=(late, runs.worker(index=1))))
        self.assertIn("FAIL //sched:t::pairs — stuck: cg_0 worker 0.0", said)
        self.assertIn("bazel test //sched:t --test_filter=pairs", said)

    def test_failures_among_many_are_told_again_at_the_end(self) -> None:
        late = runs.worker(max_gap_ns=700 * runs.MS)
        self._report(
            runs.good_run(workers=(late, runs.worker(index=1))),
            runs.good_run(runs.plan(test="other")),
        )
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            self.reporter.close()
        lines = said.getvalue().splitlines()
        self.assertEqual(lines[0], "--- 1 of 2 tests did not pass ---")
        self.assertStartsWith(lines[1], "FAIL //sched:t::pairs — stuck: cg_0 worker 0.0")
        self.assertIn("/pairs: ", lines[2])
        self.assertStartsWith(lines[3], "  bazel test //sched:t --test_filter=pairs")

    def test_where_all_passed_nothing_is_told_again(self) -> None:
        self._report(runs.good_run())
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            self.reporter.close()
        self.assertEqual(said.getvalue(), "")

    def test_every_form_of_the_result_is_saved(self) -> None:
        self._report(runs.good_run())
        folder = self.folder / "outputs" / "pairs"
        result = result_pb2.Result.FromString((folder / "result.pb").read_bytes())
        self.assertEqual(result.verdict, result_pb2.PASS)
        notes = {each.name: each.text for each in result.host.notes}
        self.assertEqual(notes["probe"], "tried, and it works")
        self.assertEqual(json.loads((folder / "result.json").read_text())["verdict"], "PASS")
        self.assertIn("PASS //sched:t::pairs", (folder / "report.txt").read_text())

    def test_why_there_is_no_store_is_told_once(self) -> None:
        def clone(disk: DiskSpec) -> int:
            raise InfraError(f"cannot write to /home/store: {'read-only ' * 30}")

        disk = DiskSpec("data", "0", self.folder / "t", 1 << 20)
        for _ in range(2):
            with self.assertRaisesRegex(InfraError, "^no store$"):
                self.use.noting(clone)(disk)
        said = self._report(runs.good_run(), runs.good_run(runs.plan(test="other")))
        told = "//sched:t: no store of the host's was used; why: the note `store`"
        self.assertEqual(said.count(told), 1)
        self.assertNotIn("read-only", said)
        for test in ("pairs", "other"):
            saved = json.loads((self.folder / "outputs" / test / "result.json").read_text())
            (note,) = (each for each in saved["host"]["notes"] if each["name"] == "store")
            self.assertEqual(note["text"].count("cannot write to /home/store"), 1)

    def test_bazel_gets_a_case_for_each_test(self) -> None:
        other = runs.good_run(runs.plan(test="other"), end=None)
        self._report(runs.good_run(), other)
        suite = ElementTree.parse(self.xml).getroot()
        cases = {case.get("name"): case for case in suite.iter("testcase")}
        self.assertEqual(set(cases), {"pairs", "other"})
        self.assertIsNotNone(cases["other"].find("error"))
        self.assertIsNone(cases["pairs"].find("error"))

    def _errors(self) -> dict[str, str]:
        """Name of each case of the JUnit file -> its error; empty: it has none."""
        suite = ElementTree.parse(self.xml).getroot()
        errors = {}
        for case in suite.iter("testcase"):
            error = case.find("error")
            errors[case.get("name", "")] = "" if error is None else error.get("message", "")
        self.assertEqual(list(errors), ["pairs", "other"], "in the order of the run")
        return errors

    def test_what_has_not_ended_is_an_error_from_the_beginning(self) -> None:
        self.reporter.save()
        for message in self._errors().values():
            self.assertIn("the test did not end: the runner was killed", message)
        self.reporter.done(Outcome(runs.good_run(), judge(runs.good_run()), {"total": 2.5}))
        self.assertEqual(self._errors()["pairs"], "")
        self.assertIn("did not end", self._errors()["other"])
        suite = ElementTree.parse(self.xml).getroot().find("testsuite")
        assert suite is not None
        self.assertEqual((suite.get("tests"), suite.get("errors")), ("2", "1"))

    def test_a_run_of_several_says_its_number_and_seed(self) -> None:
        environment = BazelTest.read({"TEST_RUN_NUMBER": "3", "TEST_RANDOM_SEED": "3"})
        choice = AccelChoice(Accel.VIRTUAL, "asked for", "")
        identity, names = dataclasses.replace(_IDENTITY, seed=3), ["pairs"]
        outputs = self.folder / "outputs"
        self.reporter = Reporter(environment, outputs, identity, choice, self.use, names)
        self.assertIn("PASS //sched:t::pairs (2.5 s, run 3, seed 3)", self._report(runs.good_run()))
        folder = self.folder / "outputs" / "pairs"
        result = json.loads((folder / "result.json").read_text())
        self.assertEqual((result["host"]["run"], result["identity"]["seed"]), (3, "3"))
        words = "3, in run 3 of --runs_per_test; --@ktstr//rules:seed=3 repeats it"
        self.assertIn(words, (folder / "report.txt").read_text())

    def test_an_aborted_run_is_an_error_in_the_xml(self) -> None:
        report_abort(
            targets.target(label="//sched:t"), self.environment, UsageError("no test is called 'x'")
        )
        error = ElementTree.parse(self.xml).getroot().find(".//error")
        assert error is not None
        self.assertIn("no test is called 'x'", error.get("message", ""))

    def test_what_cannot_be_saved_is_told_after_the_tests(self) -> None:
        blocked = self.folder / "outputs"
        blocked.write_text("a file where the directory should be")
        said = self._report(runs.good_run())
        self.assertRegex(said, "ERROR //sched:t::pairs: cannot write .*result")
        self.assertLen(self.reporter.problems, 1)
        self.assertTrue(os.path.exists(self.xml), "the XML is written all the same")


if __name__ == "__main__":
    absltest.main()
