# SPDX-License-Identifier: Apache-2.0
"""docs/errors.md quotes messages that exist, and the pages' links lead somewhere."""

import os
import pathlib
import re

from absl.testing import absltest
from runfiles import Runfiles

from tools.lint import arrows

_HEADING = re.compile(r"^### `(.+)`$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
# a row of the table of a house's rooms: `ROOM` | what is in it | the rooms that it may import
_ROOM = re.compile(r"^\| `(\w+)` \| [^|]+ \| ([`\w, ]*)\|$", re.MULTILINE)
_SOURCES = ("ktstr", "rules", "sched", "tools", "third_party")


def _root() -> pathlib.Path:
    runfiles = Runfiles.Create()
    assert runfiles is not None
    page = runfiles.Rlocation(os.environ["A_PAGE"].split()[0])
    assert page is not None
    return pathlib.Path(page.partition("/src/")[0]) / "src"


class DocsTest(absltest.TestCase):
    def test_every_quoted_message_exists(self) -> None:
        root = _root()
        headings = _HEADING.findall((root / "docs/errors.md").read_text(encoding="utf-8"))
        self.assertGreater(len(headings), 20)
        text = "\n".join(
            path.read_text(encoding="utf-8")
            for top in _SOURCES
            for path in sorted((root / top).rglob("*"))
            if path.suffix in (".py", ".bzl", ".c", ".sh")
        )
        # A message may be split over adjacent string literals.
        joined = re.sub(r'(?<!\\)"\s*\+?\s*f?"', "", text)
        for heading in headings:
            with self.subTest(heading):
                self.assertIn(heading, joined)

    def test_links_to_pages_lead_to_pages(self) -> None:
        root = _root()
        for page in [*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("sched/*/*.md")]:
            for link in _LINK.findall(page.read_text(encoding="utf-8")):
                if link.endswith(".md") and "://" not in link:
                    with self.subTest(page=str(page.relative_to(root)), link=link):
                        self.assertTrue((page.parent / link).exists())

    def test_the_judges_rooms_are_drawn_as_the_lint_holds_them(self) -> None:
        page = (_root() / "docs/design.md").read_text(encoding="utf-8")
        judging = page.partition("\n## Judging\n")[2].partition("\n## ")[0]
        drawn = {
            room: tuple(re.findall(r"`(\w+)`", targets)) for room, targets in _ROOM.findall(judging)
        }
        self.assertEqual(drawn, arrows.ROOMS["ktstr.judge"])


if __name__ == "__main__":
    absltest.main()
