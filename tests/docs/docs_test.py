# SPDX-License-Identifier: Apache-2.0
"""docs/errors.md quotes messages that exist, and the pages' links lead somewhere."""

import dataclasses
import re

from absl.testing import absltest

from ktstr.model.verdict.checks import Checks
from ktstr.model.verdict.figures import Whose, figures_of
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

    def test_every_check_and_figure_is_told(self) -> None:
        page = (sources() / "docs/checks.md").read_text(encoding="utf-8")
        checks, rest = page.partition("\n## Checks\n")[2].split("\n## ", 1)
        told = set(re.findall(r"^\| `(\w+)`", checks, re.MULTILINE))
        self.assertEqual(told, {field.name for field in dataclasses.fields(Checks)})
        claimed, compared = rest.partition("\n### Figures\n")[2].split("\n## Against others\n")
        for whose, part in (
            (Whose.CGROUP, claimed.partition("\nTotals: ")[0]),
            (Whose.ALL, claimed.partition("\nTotals: ")[2]),
            (Whose.LEG, compared.split("\n## ")[0]),
        ):
            self.assertContainsSubset(figures_of(whose), re.findall(r"`(\w+)`", part), whose)


if __name__ == "__main__":
    absltest.main()
