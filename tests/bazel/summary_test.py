# SPDX-License-Identifier: Apache-2.0
"""CI's closing line counts what Bazel reported, and nothing run is a failure."""

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


class SummaryTest(parameterized.TestCase):
    def run_main(self, events: list[str], bazel: int) -> tuple[int, str]:
        path = Path(tempfile.mkdtemp(dir=absltest.TEST_TMPDIR.value), "events.json")
        path.write_text("\n".join(events), encoding="utf-8")
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            code = summary.main([str(path), str(bazel)])
        return code, output.getvalue().splitlines()[-1]

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
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            self.assertEqual(summary.main([str(path), "8"]), 8)
        self.assertEndsWith(output.getvalue(), "1 passed, 0 failed\n")


if __name__ == "__main__":
    absltest.main()
