# SPDX-License-Identifier: Apache-2.0
"""The program's commands: help, completion, answers for programs, and what bad use gets."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess

from absl.testing import absltest, parameterized

from ktstr.command.context import Context, table
from ktstr.command.main import main
from ktstr.command.parser import COMMANDS
from ktstr.result import result_pb2
from ktstr.result.write import SCHEMA_VERSION
from tests.support.commanding import CommandTest
from tests.support.saved_results import made, save


class Terminal(io.StringIO):
    """What people look at."""

    def isatty(self) -> bool:
        return True


class ParserTest(CommandTest):
    @parameterized.parameters(*COMMANDS)
    def test_help_is_there_and_json_everywhere(self, name: str) -> None:
        said = self.run_ktstr(name, "--help")
        self.assertEqual((said.code, said.err), (0, ""))
        self.assertIn("--json", said.out)
        for line in said.out.splitlines():
            self.assertLessEqual(len(line), 100)

    @parameterized.parameters(
        ((), "the following arguments are required: COMMAND"),
        (("nope",), "there is no command 'nope'; there are test, show, "),
        (("shel", "//my:test"), "there is no command 'shel' (did you mean 'shell'?)"),
        (("runs", "--lim=1"), "unrecognized arguments: --lim=1"),
        (("runs", "--limit=-1"), "'-1' is no whole number of 0 or more"),
        (("runs", "--", "x"), "runs takes nothing behind --; test, replay, fuzz, shell"),
        (("compare", "one"), "the following arguments are required: NEW"),
    )
    def test_mistakes_end_with_3_and_name_help(self, words: tuple[str, ...], told: str) -> None:
        said = self.run_ktstr(*words)
        self.assertEqual((said.code, said.out), (3, ""))
        self.assertIn(told, said.err)
        self.assertIn("--help", said.err)

    @parameterized.parameters("bash", "zsh", "fish")
    def test_completion_is_a_script(self, shell: str) -> None:
        said = self.run_ktstr("completion", shell)
        self.assertIn("compare", said.out)
        self.assertIn("fail_on", said.out)
        if shutil.which(shell) is not None:
            subprocess.run([shell, "-n"], input=said.out, text=True, check=True)

    def test_bash_completes(self) -> None:
        bash = shutil.which("bash")
        assert bash is not None
        script = self.run_ktstr("completion", "bash").out
        for words, expected in (
            ("ktstr comp", "compare completion"),
            ("ktstr trend --w", "--where"),
        ):
            asked = (
                f"{script}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _ktstr;"
                f'echo "${{COMPREPLY[@]}}"'
            )
            done = subprocess.run([bash, "-c", asked], capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout.strip(), expected)


class TerminalTest(CommandTest):
    def test_colours_are_for_terminals_that_want_them(self) -> None:
        self.keep(made("one"))
        save(made("one", verdict=result_pb2.FAIL, plan="p2"), self.logs)
        self.run_ktstr("import", self.logs)
        words = ["compare", "1", "2"]
        environ = {"KTSTR_HISTORY": str(self.top / "history.sqlite")}
        for extra, stream, expected in (
            ({}, Terminal(), True),
            ({"NO_COLOR": "1"}, Terminal(), False),
            ({"TERM": "dumb"}, Terminal(), False),
            ({}, io.StringIO(), False),
        ):
            self.assertEqual(
                main(words, Context(self.top, {**environ, **extra}, stream, io.StringIO())), 1
            )
            self.assertEqual("\033[31mworse" in stream.getvalue(), expected)

    def test_progress_leaves_nothing(self) -> None:
        err = Terminal()
        context = Context(self.top, {}, io.StringIO(), err)
        context.progress("imported", 1, 2)
        self.assertIn("imported 1 of 2", err.getvalue())
        context.progress("imported", 2, 2)
        self.assertTrue(err.getvalue().endswith("\r\033[K"))

    def test_cells_are_printable(self) -> None:
        self.assertEqual(table([("a\033[2J", "b"), (1, "c\nd")]), ["a\\x1b[2J  b", "1         c d"])


class ShowTest(CommandTest):
    def test_one_is_shown_whole_and_several_by_a_line(self) -> None:
        self.keep(made("one"))
        self.assertIn("--- run ---", self.run_ktstr("show", self.logs).out)
        save(made("two", verdict=result_pb2.FAIL), self.logs)
        said = self.run_ktstr("show", self.logs)
        self.assertEqual(said.code, 1)
        self.assertEqual(
            said.out.splitlines(),
            [
                "PASS //my:some_test::one",
                "FAIL //my:some_test::two — starved: worker 1 did no work",
            ],
        )
        data = json.loads(self.run_ktstr("show", self.logs, "--json").out)
        self.assertEqual([each["verdict"] for each in data], ["PASS", "FAIL"])

    def test_of_the_history_what_is_overwritten(self) -> None:
        self.keep(made("one", verdict=result_pb2.FAIL))
        shutil.rmtree(self.logs)
        self.assertIn("FAIL //my:some_test::one", self.run_ktstr("show", "--run=last").out)

    def test_what_is_not_shown_counts_and_failures_are_shown_first(self) -> None:
        bad = {4: result_pb2.FAIL, 5: result_pb2.INCONCLUSIVE}
        results = [made(f"t{i:02}", verdict=bad.get(i, result_pb2.PASS)) for i in range(30)]
        self.keep(*results)
        said = self.run_ktstr("show", "--run=last")
        self.assertEqual(said.code, 1)
        lines = said.out.splitlines()
        self.assertStartsWith(lines[0], "FAIL //my:some_test::t04")
        self.assertStartsWith(lines[1], "INCONCLUSIVE //my:some_test::t05")
        self.assertLen(lines, 21)
        self.assertEqual(lines[-1], "... and 10 more; --limit=0 shows all")
        said = self.run_ktstr("show", "--run=last", "--where=verdict!=FAIL", "--limit=2")
        self.assertEqual(said.code, 2)

    def test_the_last_runs_failures_with_causes_files_and_commands(self) -> None:
        self.keep(made("one"), made("two", verdict=result_pb2.FAIL, seed=7))
        (self.top / "below").mkdir()
        said = self.run_ktstr("show", "--last", here="below")
        self.assertEqual(said.code, 1)
        self.assertIn("FAIL //my:some_test::two — starved: worker 1 did no work\n", said.out)
        self.assertIn("bazel-testlogs/my/some_test/test.outputs/two: ", said.out)
        self.assertIn("test //my:some_test --test_filter=two --@ktstr//rules:seed=7", said.out)
        self.assertTrue(said.out.endswith("1 of 2 results did not pass\n"))

    @parameterized.parameters(
        (("show", "--last"), 1, "FAIL //my:some_test::two"),
        (("show", "--last", "--format=markdown"), 1, "1 of 2 did not pass"),
        (("show", "bazel-testlogs/my/good_test"), 0, "PASS //my:good_test::one"),
        (("replay", "--last", "--dry_run"), 3, "--test_filter=two"),
        (("page", "bazel-testlogs", "--out=page.html"), 2, "2 results"),
        (("checks", "bazel-testlogs", "--json"), 2, '"two"'),
        (("verifier", "--json"), 2, "[]"),
    )
    def test_what_cannot_be_read_hides_nothing(
        self, words: tuple[str, ...], code: int, told: str
    ) -> None:
        good, bad = made("one", label="//my:good_test"), made("two", verdict=result_pb2.FAIL)
        for each in (good, bad):
            each.identity.plan_json = '{"checks": {}, "check_layers": {}}'
            save(each, self.logs)
        newer = made("newer")
        newer.schema_version = SCHEMA_VERSION + 1
        save(newer, self.logs)
        (save(made("half"), self.logs) / "test.outputs/half/result.pb").write_bytes(b"\xff\xff")
        said = self.run_ktstr(*words)
        self.assertEqual(said.code, code, said.err)
        self.assertIn(told, said.out)
        if "good_test" not in words[1]:
            self.assertIn("half/result.pb holds no result", said.err)
            self.assertIn("newer/result.pb is of schema version", said.err)

    def test_a_place_of_which_nothing_can_be_read(self) -> None:
        (save(made("half"), self.logs) / "test.outputs/half/result.pb").write_bytes(b"\xff\xff")
        for words in (("show", "--last"), ("page", "bazel-testlogs", "--out=page.html")):
            said = self.run_ktstr(*words)
            self.assertEqual((said.code, said.out), (3, ""))
            self.assertRegex(said.err, "none of the 1 results in .*bazel-testlogs can be read")

    @parameterized.parameters(((),), (("--last", "--run=1"),), (("x", "--last"),))
    def test_one_of_three(self, words: tuple[str, ...]) -> None:
        said = self.run_ktstr("show", *words)
        self.assertEqual(said.code, 3)
        self.assertIn("name a PLACE, or --run of the history, or --last", said.err)


class OthersTest(CommandTest):
    def test_checks_and_where_each_comes_from(self) -> None:
        result = made("one")
        plan = {
            "checks": {"@kind": "Checks", "max_gap_ms": 500.0, "isolation": None, "stuck": True},
            "check_layers": {"max_gap_ms": "scheduler mine", "stuck": "default"},
        }
        result.identity.plan_json = json.dumps(plan)
        result.checks.add(name="max_gap_ms", limit=500, measured=12.5, verdict=result_pb2.PASS)
        result.checks.add(name="max_gap_ms", step=1, layer="step 1", limit=50, measured=8)
        save(result, self.logs)
        said = self.run_ktstr("checks", "//my:some_test")
        self.assertEqual(said.code, 0, said.err)
        self.assertRegex(said.out, r"max_gap_ms +- +500 +scheduler mine +12.5 +PASS")
        self.assertRegex(said.out, r"max_gap_ms +1 +50 +step 1 +8")
        self.assertRegex(said.out, r"stuck +- +on +default +- +-")
        self.assertNotIn("isolation", said.out)

    def test_checks_of_what_never_ran_or_is_of_another_version(self) -> None:
        said = self.run_ktstr("checks", "//my:other_test")
        self.assertEqual(said.code, 3)
        self.assertIn("//my:other_test has no results in", said.err)
        save(made("one"), self.logs)
        said = self.run_ktstr("checks", "//my:some_test")
        self.assertIn("is of another version than this ktstr", said.err)

    def test_trend(self) -> None:
        for number, value in enumerate((100.0, 100.5, 90.0), 1):
            result = made(
                "one",
                plan=str(number),
                figures={"iterations": value},
                started=f"2026-01-0{number}T00:00:00+00:00",
            )
            save(result, self.logs)
            self.run_ktstr("import", self.logs, f"--commit=c{number}")
        said = self.run_ktstr("trend", "cg_0.iterations")
        lines = said.out.splitlines()
        self.assertIn("cg_0.iterations", lines[0])
        self.assertEqual([line.endswith("<") for line in lines[2:]], [False, False, True])
        (series,) = json.loads(self.run_ktstr("trend", "iterations", "--json").out)
        self.assertEqual([each["value"] for each in series["points"]], [100.0, 100.5, 90.0])
        said = self.run_ktstr("trend", "nothing")
        self.assertEqual(said.code, 3)
        self.assertIn("has a figure 'nothing'", said.err)

    def test_a_trend_is_of_one_seed_and_of_what_was_judged(self) -> None:
        self.keep(made("one"), made("two", label="//my:b", seed=2))
        other = made("one", label="//my:c", figures={"iterations": 3.0})
        other.verdict = result_pb2.INCONCLUSIVE
        save(other, self.logs)
        for number in (1, 2):
            for accel in ("virtual", "tcg"):
                save(made("both", seed=number, accel=accel), self.logs / f"{accel}{number}")
        self.run_ktstr("import", self.logs, "--commit=c2")
        found = json.loads(self.run_ktstr("trend", "iterations", "--json", "--where=commit=c2").out)
        told = {(each["test"], each["accel"], each["seed"]): each["points"] for each in found}
        self.assertEqual(
            {key: points[0]["boots"] for key, points in told.items()},
            {
                ("one", "virtual", "1"): 1,
                ("two", "virtual", "2"): 1,
                ("both", "virtual", "1"): 1,
                ("both", "virtual", "2"): 1,
                ("both", "tcg", ""): 2,
            },
        )

    def test_what_a_terminal_would_obey_is_shown(self) -> None:
        result = made("one\033[31m", label="//my:some_test")
        result.identity.plan_json = '{"checks": {}, "check_layers": {}}'
        folder = self.logs / "x"
        folder.mkdir(parents=True)
        (folder / "result.pb").write_bytes(result.SerializeToString())
        self.run_ktstr("import", self.logs, "--commit=\033[31mred", "--branch=x\ny")
        for words in (("export",), ("checks", self.logs)):
            said = self.run_ktstr(*words)
            self.assertEqual(said.code, 0, said.err)
            self.assertIn("\\x1b[31m", said.out)
            self.assertNotIn("\033", said.out)

    def test_export(self) -> None:
        self.keep(made("one"))
        self.run_ktstr("export", "--to=figures.csv")
        lines = (self.top / "figures.csv").read_text().splitlines()
        self.assertLen(lines, 4)
        self.assertTrue(lines[1].endswith("iterations,cg_0,,,,higher_better,1000.0"))
        rows = [json.loads(line) for line in self.run_ktstr("export", "--json").out.splitlines()]
        self.assertEqual([row["figure"] for row in rows], ["iterations", "wake_p99_us", "cpus"])
        said = self.run_ktstr("export", "--to=/dev/full")
        self.assertEqual(said.code, 3)
        self.assertIn("cannot write /dev/full: No space left on device", said.err)

    def test_no_exported_text_is_a_formula(self) -> None:
        formulas = ("=HYPERLINK()", "+1", "-1+2", "@SUM(A1)", "'quoted")
        plain = ("-", "a=b", "a:b-c")
        for test in (*formulas, *plain):
            self.keep(made(test, figures={"iterations": -5.0}))
        rows = list(csv.DictReader(io.StringIO(self.run_ktstr("export").out)))
        written = {row["test"] for row in rows if row["value"] == "-5.0"}
        self.assertEqual(written, {*(f"'{each}" for each in formulas), *plain})
        said = [json.loads(line) for line in self.run_ktstr("export", "--json").out.splitlines()]
        self.assertEqual({each["test"] for each in said}, {*formulas, *plain})

    def test_topology_is_this_machines(self) -> None:
        said = self.run_ktstr("topology", "--json")
        found = json.loads(said.out)
        self.assertEqual(said.code, 0 if found["topology"] else 2)
        self.assertNotEmpty(found["nodes"])

    def test_shell_is_bazels_to_run(self) -> None:
        said = self.run_ktstr("shell", "//my:test", "--json", "--", "--exec", "true")
        self.assertEqual(
            json.loads(said.out)["command"][1:], ["run", "//my:test.shell", "--", "--exec", "true"]
        )
        said = self.run_ktstr("shell", "nothing")
        self.assertEqual(said.code, 3)
        self.assertIn("'nothing' is no label of a target", said.err)

    def test_kernels_are_what_bazel_names(self) -> None:
        (self.top / "tools").mkdir()
        bazel = self.top / "tools/bazel"
        bazel.write_text("#!/bin/sh\necho //sched/kernels:linux_6_12\necho //my:kernel\nexit 3\n")
        bazel.chmod(0o755)
        save(made("one"), self.logs)
        said = self.run_ktstr("kernels")
        self.assertEqual(said.code, 0, said.err)
        self.assertRegex(said.out, r"//sched/kernels:linux_6_12 +6.12.0\n//my:kernel +-\n")
        bazel.write_text("#!/bin/sh\necho 'ERROR: no such package' >&2\nexit 7\n")
        said = self.run_ktstr("kernels")
        self.assertEqual(said.code, 3)
        self.assertIn("ERROR: no such package", said.err)


if __name__ == "__main__":
    absltest.main()
