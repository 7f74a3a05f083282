# SPDX-License-Identifier: Apache-2.0
"""Of build events, the results are those of their build, and of none that ran since."""

from __future__ import annotations

import json
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.history.window import Window
from tests.support.commanding import Said, ktstr
from tests.support.saved_results import events, made, save

_FINISH = "2026-01-02T03:09:00.123456789Z"
_LATER = "2026-01-02T03:09:01+00:00"


class AnotherBuildTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)
        self.logs = self.top / "testlogs"

    def run_ktstr(self, *arguments: str | Path) -> Said:
        return ktstr(*arguments, "--history=history.sqlite", here=self.top)

    def runs(self) -> int:
        return len(json.loads(self.run_ktstr("runs", "--json").out))

    def test_results_of_the_build_are_taken(self) -> None:
        bep = events(self.top / "bep.json", [save(made("one"), self.logs)], finish=_FINISH)
        self.assertEqual(self.run_ktstr("import", bep).code, 0)

    @parameterized.parameters(True, False)
    def test_those_of_a_later_one_are_named(self, known: bool) -> None:
        target = save(made("one", label="//my:a"), self.logs)
        other = save(made("two", label="//my:b", started=_LATER), self.logs)
        if known:
            self.run_ktstr("import", other)
        bep = events(self.top / "bep.json", [target, other], finish=_FINISH)
        said = self.run_ktstr("import", bep)
        self.assertEqual(said.code, 1, said.err)
        self.assertRegex(said.err, f"two/result.pb began at {_LATER[:19]}.*is another build's")
        self.assertIn("1 results added, 0 known, 1 refused", said.err)

    def test_earlier_ones_are_the_caches_or_nobodys(self) -> None:
        target = save(made("one", started="2026-01-01T00:00:00+00:00"), self.logs)
        bep = events(self.top / "bep.json", [target], finish=_FINISH)
        self.assertEqual(self.run_ktstr("import", bep).code, 3)
        events(bep, [target], finish=_FINISH, cached=True)
        self.assertEqual(self.run_ktstr("import", bep).code, 0)

    def test_an_import_that_keeps_nothing_leaves_no_run(self) -> None:
        self.run_ktstr("import", save(made("one"), self.logs))
        other = save(made("two", label="//my:b", started=_LATER), self.logs)
        bep = events(self.top / "bep.json", [other], finish=_FINISH)
        said = self.run_ktstr("import", bep)
        self.assertEqual(said.code, 3)
        self.assertIn("none of the 1 results", said.err)
        self.assertEqual(self.runs(), 1)
        self.assertEqual(self.run_ktstr("show", "--run=last").code, 0)

    @parameterized.parameters(
        ("2026-01-02T03:00:00+00:00", "2026-01-02T03:00:00.9Z", "", True),  # in the same second
        ("2026-01-02T05:00:00+02:00", "2026-01-02T03:00:00Z", "2026-01-02T03:00:00Z", True),
        ("2026-01-02T02:59:59+00:00", "2026-01-02T03:00:00Z", "", False),
        ("2026-01-02T03:00:01", "", "2026-01-02T03:00:00Z", False),
        ("", "", "", True),
        ("soon", "2026-01-02T03:00:00Z", "", False),
    )
    def test_windows(self, began: str, start: str, end: str, holds: bool) -> None:
        self.assertEqual(Window(start, end).holds(began, cached=False), holds)


if __name__ == "__main__":
    absltest.main()
