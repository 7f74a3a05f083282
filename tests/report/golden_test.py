# SPDX-License-Identifier: Apache-2.0
"""Reports read as they were agreed to read."""

from absl.testing import absltest, parameterized

from tests.report import golden


class GoldenTest(parameterized.TestCase):
    @parameterized.named_parameters((name, name) for name in golden.rendered())
    def test_report(self, name: str) -> None:
        self.assertEqual(
            golden.rendered()[name],
            (golden.FOLDER / name).read_text(encoding="utf-8"),
            "if the new one is right: bazel run //tests/report:update_golden",
        )

    def test_no_golden_file_is_left_over(self) -> None:
        files = {path.name for path in golden.FOLDER.iterdir()} - {"BUILD.bazel", "README.md"}
        self.assertEqual(files, set(golden.rendered()))


if __name__ == "__main__":
    absltest.main()
