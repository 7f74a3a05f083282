# SPDX-License-Identifier: Apache-2.0
"""CI's closing line counts what Bazel reported, and nothing run is a failure.

Of a second run, a registry that is away and a clock that ran out are no failure, and are told.
"""

import contextlib
import io
import json
import tempfile
from pathlib import Path

from absl.testing import absltest, parameterized

from tools.private.ci import summary


def _test(label: str, status: str) -> str:
    return json.dumps(
        {"id": {"testSummary": {"label": label}}, "testSummary": {"overallStatus": status}}
    )


def _skipped(label: str) -> str:
    return json.dumps(
        {"id": {"targetCompleted": {"label": label}}, "aborted": {"reason": "SKIPPED"}}
    )


def _broken(label: str) -> str:
    return json.dumps({"id": {"actionCompleted": {"label": label}}, "action": {"exitCode": 1}})


def _suite(*labels: str) -> str:
    expanded = {"testSuiteExpansions": [{"suiteLabel": "//:all", "testLabels": labels}]}
    return json.dumps({"id": {"pattern": {"pattern": ["//:all"]}}, "expanded": expanded})


def _unfetched(name: str, words: str) -> str:
    return json.dumps(
        {
            "id": {"unconfiguredLabel": {"label": f"//external:{name}"}},
            "aborted": {"reason": "LOADING_FAILURE", "description": f"a.b.C$AccessError: {words}"},
        }
    )


def _main(*runs: tuple[list[str], int]) -> tuple[int, list[str]]:
    """Exit code and output for the events and exit code of one run, or of two."""
    arguments = []
    for number, (events, status) in enumerate(runs):
        path = Path(tempfile.mkdtemp(dir=absltest.TEST_TMPDIR.value), "events.json")
        path.write_text("\n".join(events), encoding="utf-8")
        arguments += ["//the:second"] * number + [str(path), str(status)]
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        code = summary.main(arguments)
    return code, output.getvalue().splitlines()


class SummaryTest(parameterized.TestCase):
    def run_main(self, events: list[str], bazel: int) -> tuple[int, str]:
        code, lines = _main((events, bazel))
        return code, lines[-1]

    @parameterized.parameters(
        (["PASSED", "PASSED"], 0, 0, "2 passed, 0 failed"),
        (["PASSED", "FLAKY"], 0, 0, "2 passed, 0 failed"),
        (["PASSED", "FAILED"], 3, 3, "1 passed, 1 failed"),
        (["PASSED", "TIMEOUT", "NO_STATUS"], 3, 3, "1 passed, 2 failed"),
        (["PASSED", "FAILED"], 0, 1, "1 passed, 1 failed"),
        (["PASSED"], 1, 1, "1 passed, 0 failed"),
    )
    def test_counts(self, statuses: list[str], bazel: int, code: int, line: str) -> None:
        events = [_test(f"//:t{i}", s) for i, s in enumerate(statuses)]
        self.assertEqual(self.run_main(events, bazel), (code, line))

    def test_nothing_run_is_a_failure(self) -> None:
        self.assertEqual(self.run_main([], 0), (1, "0 passed, 0 failed"))

    def test_skipped_tests_are_named_apart(self) -> None:
        events = [_test("//:a", "PASSED"), _skipped("//:b")]
        self.assertEqual(self.run_main(events, 0), (0, "1 passed, 0 failed, 1 skipped"))

    def test_an_interrupted_file_counts_up_to_its_cut_line(self) -> None:
        events = [_test("//:a", "PASSED"), _test("//:b", "PASSED")[:30]]
        self.assertEqual(self.run_main(events, 8), (8, "1 passed, 0 failed"))

    def test_a_file_may_be_cut_within_a_character(self) -> None:
        path = Path(self.create_tempdir().full_path, "events.json")
        path.write_bytes(_test("//:a", "PASSED").encode() + b'\n{"id": "\xc3')
        self.assertEqual(summary.read(summary._lines(str(path)), 0).counts(), (1, 0, 0))


class SecondRunTest(parameterized.TestCase):
    FIRST = ([_test("//:a", "PASSED"), _skipped("//:b")], 0)

    def second(self, status: int, *events: str) -> tuple[int, list[str]]:
        return _main(self.FIRST, ([_suite("//:c", "//:d"), *events], status))

    def test_its_tests_count_as_all_do(self) -> None:
        found = self.second(0, _test("//:c", "PASSED"), _skipped("//:d"))
        self.assertEqual(found, (0, ["2 passed, 0 failed, 2 skipped"]))

    def test_a_test_that_fails_fails_ci(self) -> None:
        found = self.second(3, _test("//:c", "FAILED"), _test("//:d", "PASSED"))
        self.assertEqual(found, (1, ["2 passed, 1 failed, 1 skipped"]))

    def test_the_first_run_decides_all_the_same(self) -> None:
        first = ([_test("//:a", "FAILED")], 3)
        second = ([_suite("//:c"), _test("//:c", "PASSED")], 0)
        self.assertEqual(_main(first, second), (3, ["1 passed, 1 failed"]))

    def test_crates_that_are_not_to_be_had_are_told_and_no_failure(self) -> None:
        why = "@crates//:scx_x-1: crate scx_x 1: cargo does not fetch what it needs."
        words = f"{why}\n  cargo said:\n    no route"
        found = self.second(1, _unfetched("crate_scx_x", words), _test("//:d", "PASSED"))
        told = [f"//the:second: 1 of 2 tests did not run: {why}", "2 passed, 0 failed, 1 skipped"]
        self.assertEqual(found, (0, told))

    @parameterized.parameters(124, 137)
    def test_the_time_that_is_over_is_told_and_no_failure(self, status: int) -> None:
        why = "//the:second: 1 of 2 tests did not run: the time was over"
        for more in ([], [_test("//:c", "NO_STATUS")]):
            found = self.second(status, *more, _test("//:d", "PASSED"))
            self.assertEqual(found, (0, [why, "2 passed, 0 failed, 1 skipped"]))

    def test_nothing_of_it_may_have_run(self) -> None:
        found = _main(self.FIRST, ([], 124))
        why = "//the:second: its tests did not run: the time was over"
        self.assertEqual(found, (0, [why, "1 passed, 0 failed, 1 skipped"]))

    def test_a_failure_counts_though_the_time_was_over(self) -> None:
        code, lines = self.second(124, _test("//:c", "FAILED"))
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 1 skipped"))

    def test_what_does_not_build_fails_ci(self) -> None:
        for more in ([], [_unfetched("crate_scx_x", "gone")]):
            code, lines = self.second(1, _broken("//:program"), _test("//:c", "PASSED"), *more)
            told = "//the:second: 1 of 2 tests did not run: not built: //:program"
            self.assertEqual((code, lines[0]), (1, told))

    def test_another_exit_code_fails_ci(self) -> None:
        code, lines = _main(self.FIRST, ([], 2))
        self.assertEqual(code, 1)
        self.assertIn("its tests did not run: Bazel ended with exit code 2", lines[0])


if __name__ == "__main__":
    absltest.main()
