# SPDX-License-Identifier: Apache-2.0
"""docs/errors.md quotes messages that exist, and the pages' links lead somewhere."""

import re

from absl.testing import absltest

from tests.docs.sources import sources

_HEADING = re.compile(r"^### `(.+)`$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
_SOURCES = ("ktstr", "rules", "sched", "tools", "third_party")


class DocsTest(absltest.TestCase):
    def test_every_quoted_message_exists(self) -> None:
        root = sources()
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
        root = sources()
        for page in [*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("sched/*/*.md")]:
            for link in _LINK.findall(page.read_text(encoding="utf-8")):
                if link.endswith(".md") and "://" not in link:
                    with self.subTest(page=str(page.relative_to(root)), link=link):
                        self.assertTrue((page.parent / link).exists())


if __name__ == "__main__":
    absltest.main()
