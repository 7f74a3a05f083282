# SPDX-License-Identifier: Apache-2.0
"""What `bazel coverage` puts together: of a test's directory, and of all tests."""

from __future__ import annotations

from pathlib import Path

from absl.testing import absltest

from tools.coverage.merge import main

_ONE = "SF:a.c\nFN:1,f\nFNDA:1,f\nDA:1,1\nDA:2,0\nend_of_record\n"
_OTHER = "SF:a.c\nFN:1,f\nFNDA:0,f\nDA:1,0\nDA:2,1\nend_of_record\nSF:b.c\nDA:1,0\nend_of_record\n"


class MergeTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)
        self.output = self.top / "out.dat"

    def test_a_tests_directory(self) -> None:
        (self.top / "one.dat").write_text(_ONE)
        (self.top / "other.dat").write_text(_OTHER)
        (self.top / "jvcov.txt").write_text("no tracefile")
        self.output.touch()
        arguments = [f"--coverage_dir={self.top}", f"--output_file={self.output}"]
        self.assertEqual(main([*arguments, "--filter_sources=/usr/bin/.+"]), 0)
        text = self.output.read_text()
        self.assertIn("FNDA:1,f\n", text)
        self.assertIn("DA:1,1\nDA:2,1\nLF:2\nLH:2\n", text)
        self.assertIn("SF:b.c\n", text)

    def test_all_tests(self) -> None:
        (self.top / "one.dat").write_text(_ONE)
        (self.top / "empty.dat").touch()
        reports = self.top / "reports"
        reports.write_text(f"{self.top}/one.dat\n{self.top}/empty.dat\n{self.top}/none.dat\n")
        self.assertEqual(main([f"--reports_file={reports}", f"--output_file={self.output}"]), 0)
        self.assertIn("SF:a.c\n", self.output.read_text())

    def test_what_is_no_tracefile(self) -> None:
        (self.top / "one.dat").write_text("SF:a.c\nDA:x,1\n")
        arguments = [f"--coverage_dir={self.top}", f"--output_file={self.output}"]
        self.assertEqual(main(arguments), 1)


if __name__ == "__main__":
    absltest.main()
