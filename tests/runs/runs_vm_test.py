# SPDX-License-Identifier: Apache-2.0
"""Runs as Bazel starts them with --runs_per_test, and one that is killed in the middle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from absl.testing import absltest

from tests.support.running import Running

_TARGET = "_main/tests/runs/subject"


def _cpuset(result: dict[str, Any]) -> str:
    plan = json.loads(result["identity"]["plan_json"])
    return json.dumps(plan["scenario"]["steps"], sort_keys=True)


class RunsTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.create_tempdir().full_path)

    def _running(self, name: str, test: str, **environ: str) -> Running:
        # this test may be one of several runs itself
        plain = {"TEST_RUN_NUMBER": "", "TEST_RANDOM_SEED": ""}
        running = Running(
            _TARGET, self.directory / name, test_filter=test, environ={**plain, **environ}
        )
        self.addCleanup(running.close)
        return running

    def _drawn(self, run: str) -> tuple[dict[str, Any], str]:
        numbers = {"TEST_RUN_NUMBER": run, "TEST_RANDOM_SEED": run}
        ended = self._running(f"run{run}", "drawn", **numbers).wait()
        self.assertEqual(ended.status, 0, ended.text)
        return ended.result("drawn"), ended.text

    def test_each_run_draws_and_says_what(self) -> None:
        plain, _ = self._drawn("")
        runs = {run: self._drawn(run) for run in ("1", "2")}
        for run, (result, text) in runs.items():
            self.assertEqual((result["host"]["run"], result["identity"]["seed"]), (int(run), run))
            self.assertIn(f", run {run}, seed {run})", text)
        self.assertEqual(_cpuset(plain), _cpuset(runs["1"][0]), "the first is a plain run")
        self.assertNotEqual(_cpuset(plain), _cpuset(runs["2"][0]))

    def test_a_killed_run_says_what_did_not_end(self) -> None:
        running = self._running("killed", "")
        running.qemu()
        running.process.kill()
        ended = running.wait()
        self.assertNotEqual(ended.status, 0)
        cases = ended.cases()
        self.assertEqual((list(cases), cases["second"]), (["drawn", "second"], "error"))


if __name__ == "__main__":
    absltest.main()
