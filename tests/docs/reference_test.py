# SPDX-License-Identifier: Apache-2.0
"""docs/reference says what the docstrings say, and every public name has one."""

import sys

from absl.testing import absltest, parameterized

from tools.reference import python_pages, rules_page, write

_DESCRIPTIONS: list[str] = []


class ReferenceTest(parameterized.TestCase):
    pages: dict[str, str]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.pages = write.pages(_DESCRIPTIONS)

    def test_no_page_is_stale(self) -> None:
        stale = list(write.stale(write.sources() / write.FOLDER, self.pages))
        self.assertEmpty(stale, f"pages of {write.FOLDER}; update them: {write.UPDATE}")

    def test_every_public_name_of_rules_has_a_docstring(self) -> None:
        self.assertEmpty(list(rules_page.undocumented(*write.modules(_DESCRIPTIONS))))

    def test_every_public_name_of_python_has_a_docstring(self) -> None:
        self.assertEmpty(list(python_pages.undocumented(python_pages.load(write.sources()))))

    @parameterized.parameters(
        ("rules.md", "### ktstr_test"),
        ("rules.md", "| `scheduler` | label of ScxSchedulerInfo |"),
        ("rules.md", "#### kernels.release"),
        ("rules.md", "### ScxSchedulerInfo"),
        ("python.md", "| `between(low: float, high: float) -> R`"),
        ("python.md", "class StatClaim(stat: str, relation: Relation, step: str = '')"),
        ("python.md", "### metric.Max"),
        ("python-guest.md", "#### Context.run"),
        ("python-guest.md", "### WorkContext"),
        ("python-guest.md", "#### PayloadHandle.kill"),
        ("python-scenario.md", "### OfflineCpu"),
        ("python-scenarios.md", "### scenarios.split_half"),
        ("python-work.md", "class Bursty(burst_us: int = 50000, sleep_us: int = 100000)"),
    )
    def test_what_an_author_looks_for_is_there(self, page: str, text: str) -> None:
        lines = self.pages[page].split("\n")
        self.assertTrue(any(line.startswith(text) for line in lines), f"no line {text!r} in {page}")


if __name__ == "__main__":
    _DESCRIPTIONS += [each for each in sys.argv[1:] if not each.startswith("-")]
    absltest.main(argv=[each for each in sys.argv if each not in _DESCRIPTIONS])
