# SPDX-License-Identifier: Apache-2.0
"""docs/catalogue.md says of every scenario what the scenario says of itself."""

import dataclasses
from pathlib import Path

from absl.testing import absltest
from runfiles import Runfiles

from ktstr.api import Declaration
from tests.faults.under import catalogue


def _row(name: str, declared: Declaration) -> str:
    needs = {} if declared.needs is None else dataclasses.asdict(declared.needs)
    words = ", ".join(f"{count} {what}" for what, count in needs.items() if count > 1)
    said = (declared.function.__doc__ or "").splitlines()[0].removeprefix("Stresses ")
    return f"| `{name}` | {words} | {said} |"


class PageTest(absltest.TestCase):
    def test_every_scenario_has_its_row(self) -> None:
        runfiles = Runfiles.Create()
        assert runfiles is not None
        page = Path(str(runfiles.Rlocation("_main/docs/catalogue.md"))).read_text(encoding="utf-8")
        parts = page.split("\n## `")[1:]
        sections = dict(part.split("`", 1) for part in parts)
        for name, declared in catalogue().items():
            section, _, scenario = name.partition(".")
            self.assertIn(_row(scenario, declared), sections[section], name)


if __name__ == "__main__":
    absltest.main()
