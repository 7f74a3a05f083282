# SPDX-License-Identifier: Apache-2.0
"""Commands that run tests: with what words Bazel is started, and what is told afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

from absl.testing import absltest

from ktstr.command.workspace.replay import Failure, commands
from ktstr.result import result_pb2
from tests.support.commanding import CommandTest
from tests.support.saved_results import events, made, save


class ReplayTest(CommandTest):
    def test_each_seed_and_set_of_functions_is_one_command(self) -> None:
        found = commands(
            [
                Failure("//a:x", "one", "1"),
                Failure("//a:x", "two", "1"),
                Failure("//a:y", "two", "1"),
                Failure("//a:y", "one", "1"),
                Failure("//a:x", "one", "9"),
                Failure("//a:x", "one", "9"),
            ],
            ["--config=farm"],
        )
        self.assertEqual(
            found,
            [
                [
                    "test",
                    "--test_filter=one,two",
                    "--@ktstr//rules:seed=1",
                    "--nocache_test_results",
                    "--config=farm",
                    "--",
                    "//a:x",
                    "//a:y",
                ],
                [
                    "test",
                    "--test_filter=one",
                    "--@ktstr//rules:seed=9",
                    "--nocache_test_results",
                    "--config=farm",
                    "--",
                    "//a:x",
                ],
            ],
        )

    def test_it_is_bazel_that_runs_them_in_the_workspace(self) -> None:
        self.keep(made("one"), made("two", verdict=result_pb2.FAIL, seed=7))
        (self.top / "tools").mkdir()
        bazel = self.top / "tools/bazel"
        bazel.write_text('#!/bin/sh\npwd > ran\necho "$@" >> ran\nexit 3\n')
        bazel.chmod(0o755)
        for words in (("--last",), ("--run=last",)):
            said = self.run_ktstr("replay", *words)
            self.assertEqual(said.code, 3)
            where, ran = (self.top / "ran").read_text().splitlines()
            self.assertEqual(Path(where).resolve(), self.top.resolve())
            self.assertEqual(
                ran,
                "test --test_filter=two --@ktstr//rules:seed=7 --nocache_test_results -- "
                "//my:some_test",
            )

    def test_nothing_failed(self) -> None:
        self.keep(made("one"))
        said = self.run_ktstr("replay", "--last")
        self.assertEqual(said.code, 3)
        self.assertIn("nothing failed, so there is nothing to run again", said.err)

    def test_no_bazel(self) -> None:
        self.keep(made("two", verdict=result_pb2.FAIL))
        (self.top / "tools/bazel").mkdir(parents=True)
        said = self.run_ktstr("replay", "--last")
        self.assertEqual(said.code, 3)
        self.assertIn("cannot be started: Permission denied", said.err)


class RunTest(CommandTest):
    """`ktstr test`, with a Bazel that leaves the events of a build that was."""

    def bazel(self, code: int, *results: result_pb2.Result) -> None:
        events(self.top / "events", [save(each, self.top / "left") for each in results])
        (self.top / "tools").mkdir()
        program = self.top / "tools/bazel"
        program.write_text(
            f"#!/bin/sh\necho $@ > ran\n"
            f'for word; do case $word in --build_event_json_file=*) cp events "${{word#*=}}";; '
            f"esac; done\nexit {code}\n"
        )
        program.chmod(0o755)

    def test_it_ends_with_what_did_not_pass(self) -> None:
        save(made("old", verdict=result_pb2.FAIL), self.logs)  # of another invocation
        self.bazel(3, made("one"), made("two", label="//my:b", verdict=result_pb2.FAIL, seed=7))
        said = self.run_ktstr("test", "//my/...", "--", "--config=ci")
        self.assertEqual(said.code, 1, said.err)
        lines = said.out.splitlines()
        self.assertEqual(lines[0], "FAIL //my:b::two — starved: worker 1 did no work")
        self.assertIn("test //my:b --test_filter=two --@ktstr//rules:seed=7", said.out)
        self.assertEqual(
            lines[-2:],
            [
                "again, with the same seeds: ktstr replay --last",
                "1 of 2 results did not pass",
            ],
        )
        ran = (self.top / "ran").read_text()
        self.assertRegex(ran, r"^test --build_event_json_file=\S+ --config=ci -- //my/...\n$")

    def test_all_passed(self) -> None:
        self.bazel(0, made("one"))
        said = self.run_ktstr("test", "//my:some_test")
        self.assertEqual((said.code, said.out), (0, "0 of 1 results did not pass\n"))

    def test_a_build_that_failed_is_no_verdict(self) -> None:
        self.bazel(1)
        said = self.run_ktstr("test", "//my/...")
        self.assertEqual(said.code, 3)
        self.assertIn("no verdict: bazel ended with 1", said.err)

    def test_what_ran_is_told_where_others_could_not_be_built(self) -> None:
        for verdict, expected in ((result_pb2.FAIL, 1), (result_pb2.PASS, 3)):
            shutil.rmtree(self.top / "tools", ignore_errors=True)
            self.bazel(1, made("one", verdict=verdict))
            said = self.run_ktstr("test", "//my/...", "--", "--keep_going")
            self.assertEqual(said.code, expected)
            self.assertIn("of 1 results did not pass", said.out)
            self.assertIn("these are not all: bazel ended with 1", said.err)

    def test_a_bazel_that_never_began_is_no_verdict(self) -> None:
        self.bazel(2)
        (self.top / "events").write_text("")
        for left in (True, False):
            said = self.run_ktstr("test", "//my/...")
            self.assertEqual(said.code, 3)
            self.assertIn("no verdict: bazel ended with 2", said.err)
            if left:
                (self.top / "events").unlink()

    def test_a_result_that_cannot_be_read_hides_no_other(self) -> None:
        for code, verdict, expected in ((3, result_pb2.FAIL, 1), (0, result_pb2.PASS, 3)):
            shutil.rmtree(self.top / "tools", ignore_errors=True)
            self.bazel(code, made("one", verdict=verdict), made("half", label="//my:half"))
            (self.top / "left/my/half/test.outputs/half/result.pb").write_bytes(b"\xff\xff")
            said = self.run_ktstr("test", "//my/...")
            self.assertEqual(said.code, expected)
            self.assertIn("of 1 results did not pass", said.out)
            self.assertIn("half/result.pb holds no result", said.err)

    def test_a_test_that_left_nothing_is_no_success(self) -> None:
        self.bazel(3, made("one"))
        said = self.run_ktstr("test", "//my/...")
        self.assertEqual(said.code, 3)
        self.assertIn("a test failed that left no result", said.err)


if __name__ == "__main__":
    absltest.main()
