# SPDX-License-Identifier: Apache-2.0
"""`bazel coverage` in a workspace of its own: what Bazel keeps of a test, by docs/coverage.md."""

from __future__ import annotations

from pathlib import Path

from absl.testing import absltest

from e2e.workspace import KERNEL, Workspace, kernel_flags
from ktstr.introspect.coverage.coverage import FileCoverage
from ktstr.introspect.coverage.lcov import files_of

# Bazel starts as many analyses, and builds the scheduler, as for :consumer_test.
_DEADLINE_SECONDS = 800
_TEST = "//sched:steady_test"
_MERGE = "@ktstr//tools/coverage:merge"
_FLAGS = (
    *kernel_flags(KERNEL),
    f"--coverage_output_generator={_MERGE}",
    f"--coverage_report_generator={_MERGE}",
    "--combined_report=lcov",
)
_SOURCE, _CALLBACK = "sched/plain.bpf.c", "plain_enqueue"


class CoverageTest(absltest.TestCase):
    def test_bazel_keeps_what_a_test_reached_and_puts_it_together(self) -> None:
        with Workspace() as workspace:
            built = workspace.bazel.run(
                "coverage", *_FLAGS, _TEST, deadline_seconds=_DEADLINE_SECONDS
            )
            self.assertEqual(set(built.tests), {_TEST})
            logs = workspace.directory / "bazel-testlogs/sched/steady_test"
            own = _of(logs / "coverage.dat", _SOURCE)
            together = workspace.directory / "bazel-out/_coverage/_coverage_report.dat"
            self.assertEqual(_of(together, _SOURCE), own)
            text = (workspace.directory / _SOURCE).read_text(encoding="utf-8").splitlines()
        # the lines of the source, and the callback of which all tests have need
        self.assertIn(max(own.lines), range(1, len(text) + 1))
        first = next(i for i, line in enumerate(text, 1) if f"SCX_PROG({_CALLBACK}," in line)
        body = range(first, text.index("}", first) + 2)
        self.assertTrue([line for line in body if own.lines.get(line)], own)
        self.assertGreater(own.functions[_CALLBACK].count, 0)


def _of(tracefile: Path, source: str) -> FileCoverage:
    """What a tracefile has of one source."""
    found = files_of(tracefile.read_text(encoding="utf-8"), str(tracefile))
    of_source = [each for each in found if each.path == source]
    if len(of_source) != 1:
        names = ", ".join(each.path for each in found)
        raise AssertionError(f"{tracefile} has {source} not once, but {names}")
    return of_source[0]


if __name__ == "__main__":
    absltest.main()
