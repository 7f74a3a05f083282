# SPDX-License-Identifier: Apache-2.0
"""A root that did not come whole is told by the first file that shows it."""

from pathlib import Path

from absl.testing import absltest

from tools.root.arrival import defects, problem_of

_LISTING = "4 etc/a b\n0 usr/empty\n"


class ArrivalTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path)
        for path, text in {"etc/a b": "text", "usr/empty": "", "files.txt": _LISTING}.items():
            (self.root / path).parent.mkdir(exist_ok=True)
            (self.root / path).write_text(text)

    def test_each_defect_has_its_words(self) -> None:
        whole = {"etc/a b": 4, "usr/empty": 0}
        self.assertEqual(defects(_LISTING, whole | {"more": 1}), [])
        self.assertEqual(
            defects(_LISTING, {"etc/a b": 3}),
            ["etc/a b has 3 of 4 bytes", "usr/empty is missing"],
        )

    def test_a_whole_root_is_no_problem(self) -> None:
        self.assertIsNone(problem_of(self.root))

    def test_a_file_that_is_cut_short(self) -> None:
        (self.root / "etc/a b").write_text("te")
        self.assertEqual(
            problem_of(self.root), "of 2 files 1 are not as they were: etc/a b has 2 of 4 bytes"
        )

    def test_a_link_to_nowhere(self) -> None:
        (self.root / "usr/empty").unlink()
        (self.root / "usr/empty").symlink_to("elsewhere")
        self.assertEqual(
            problem_of(self.root), "of 2 files 1 are not as they were: usr/empty is missing"
        )

    def test_the_listing_itself_is_missing_or_cut_short(self) -> None:
        for text in ("", _LISTING[:-1]):
            (self.root / "files.txt").write_text(text)
            self.assertEqual(problem_of(self.root), "files.txt is cut short")
        (self.root / "files.txt").unlink()
        self.assertEqual(
            problem_of(self.root), "files.txt cannot be read: No such file or directory"
        )


if __name__ == "__main__":
    absltest.main()
