# SPDX-License-Identifier: Apache-2.0
"""The page of invariants has all of the library."""

import sys

from absl.testing import absltest

from tests.introspect.invariants import page


class PageTest(absltest.TestCase):
    def test_the_page_is_the_librarys(self) -> None:
        text = page.PAGE.read_text(encoding="utf-8")
        again = "bazel run //tests/introspect/invariants:update_page"
        self.assertEqual(page.page(text), text, f"if the library is right: {again}")


if __name__ == "__main__":
    absltest.main(argv=sys.argv)
