# SPDX-License-Identifier: Apache-2.0
"""An invocation that is imported again: what is told later adds to its run, and takes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from absl.testing import absltest

from tests.support.commanding import ktstr
from tests.support.saved_results import events, made, save


class AgainTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)
        self.logs, self.bep = self.top / "testlogs", self.top / "bep.json"

    def imported(self, *options: str, **environ: str) -> str:
        """What is told of it."""
        history = {"KTSTR_HISTORY": str(self.top / "history.sqlite")}
        said = ktstr("import", self.bep, *options, here=self.top, environ=history | environ)
        self.assertEqual(said.code, 0, said.err)
        return said.err

    def run_of(self) -> dict[str, Any]:
        """The only run."""
        history = str(self.top / "history.sqlite")
        (run,) = json.loads(ktstr("runs", "--json", "--history", history, here=self.top).out)
        return dict(run)

    def test_half_a_file_takes_nothing_from_a_run_that_is_whole(self) -> None:
        targets = [save(made("one", label=f"//my:t{number}"), self.logs) for number in range(2)]
        events(self.bep, targets)
        self.imported()
        self.bep.write_text("".join(self.bep.read_text().splitlines(keepends=True)[:3]))
        self.assertIn("ends in the middle", self.imported())
        run = self.run_of()
        self.assertEqual((run["state"], run["verdicts"]), ("whole", {"PASS": 2}))

    def test_a_commit_is_added_and_corrected_later(self) -> None:
        target = save(made("one"), self.logs)
        ci = {"CI_JOB_ID": "7", "CI_JOB_URL": "https://ci/7", "CI_COMMIT_SHA": "c1"}
        status = {"COMMIT_SHA": "e1", "BRANCH_NAME": "main"}
        steps: tuple[tuple[Mapping[str, str], tuple[str, ...], Mapping[str, str], str], ...] = (
            ({}, (), {}, "  None"),
            ({}, (), ci, "c1  False"),
            (status, (), ci, "e1 main None"),
            ({}, (), ci | {"CI_COMMIT_SHA": "c2"}, "e1 main None"),
            ({}, ("--commit=e1", "--dirty=yes"), {}, "e1 main True"),
            ({}, ("--commit=o1",), {}, "o1  None"),
            (status, (), ci, "o1  None"),
        )
        for said, options, environ, expected in steps:
            events(self.bep, [target], status=said)
            told = self.imported(*options, **environ)
            run = self.run_of()
            self.assertEqual(f"{run['commit']} {run['branch']} {run['dirty']}", expected)
            if run["commit"]:
                self.assertIn(f"run 1, commit {run['commit']}, from", told)
        self.assertEqual((run["ci"], run["ci_url"]), ("gitlab:7", "https://ci/7"))


if __name__ == "__main__":
    absltest.main()
