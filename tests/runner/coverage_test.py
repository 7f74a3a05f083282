# SPDX-License-Identifier: Apache-2.0
"""The files that coverage leaves, and where its lines come from."""

from __future__ import annotations

from pathlib import Path

from absl.testing import absltest

from ktstr.introspect.coverage.coverage import Coverage, FileCoverage
from ktstr.introspect.coverage.lcov import files_of
from ktstr.model.errors import InfraError
from ktstr.runner.coverage import write_coverage

_FILE = FileCoverage("my/mine.bpf.c", {3: 1})


class CoverageTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)

    def test_each_test_has_a_file_and_bazel_has_all(self) -> None:
        output = self.top / "coverage.dat"
        environ = {"COVERAGE_OUTPUT_FILE": str(output)}
        for test in ("one", "other"):
            (self.top / test).mkdir()
            write_coverage(Coverage((_FILE,)), test, self.top / test, environ)
            text = (self.top / test / "coverage.info").read_text()
            self.assertEqual(files_of(text, test), (_FILE,))
        self.assertEqual(files_of(output.read_text(), "all"), (_FILE, _FILE))

    def test_without_bazel(self) -> None:
        write_coverage(Coverage((_FILE,)), "one", self.top, {})
        self.assertEqual([each.name for each in self.top.iterdir()], ["coverage.info"])

    def test_nothing_is_known(self) -> None:
        write_coverage(Coverage(problem="no plugin"), "one", self.top, {})
        write_coverage(None, "one", self.top, {})
        self.assertEmpty(list(self.top.iterdir()))

    def test_bazels_file_cannot_be_written(self) -> None:
        environ = {"COVERAGE_OUTPUT_FILE": str(self.top / "none" / "coverage.dat")}
        with self.assertRaisesRegex(InfraError, "where Bazel wants coverage, cannot be written"):
            write_coverage(Coverage((_FILE,)), "one", self.top, environ)


if __name__ == "__main__":
    absltest.main()
