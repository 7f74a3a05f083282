# SPDX-License-Identifier: Apache-2.0
"""The command: what it prints, and how it ends."""

import json
import pathlib
import subprocess

from absl.testing import absltest
from runfiles import Runfiles

from tests.scale.logs import a_template, a_test, write_events, write_log

_DEADLINE_S = 60.0
_METRICS = {
    "timingMetrics": {"analysisPhaseTimeInMs": "4000"},
    "actionSummary": {
        "actionData": [{"mnemonic": "TestRunner", "userTime": "18s", "systemTime": "0s"}]
    },
}


class MainTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        runfiles = Runfiles.Create()
        assert runfiles is not None
        program = runfiles.Rlocation("_main/tools/scale/scale")
        assert program is not None
        self.program = program
        folder = pathlib.Path(self.create_tempdir().full_path)
        spawns = [
            a_template("g.template", "01:00:00", 20),
            a_test("a_test", "01:01:00", 12, "g.template"),
            a_test("b_test", "01:01:20", 12, "g.template"),
        ]
        self.log = f"--log={write_log(folder / 'log', spawns)}"
        self.bep = f"--bep={write_events(folder / 'bep', _METRICS)}"

    def run_program(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *arguments],
            capture_output=True,
            text=True,
            timeout=_DEADLINE_S,
            check=False,
        )

    def test_as_logged(self) -> None:
        done = self.run_program(self.log, self.bep, "--cores=2", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual((told["wall_s"], told["guests"]), (4 + 20 + 12, 4))
        self.assertEqual(told["limit"], "longest chain")

    def test_of_a_busy_machine(self) -> None:
        done = self.run_program(self.log, self.bep, "--cores=2", "--json", "--busy")
        # what no build event tells keeps its seconds
        self.assertEqual(json.loads(done.stdout)["wall_s"], 4 + 20 + 9)

    def test_drawn(self) -> None:
        options = ("--tests=100", "--shapes=3", "--machines=1x4x8:1024", "--analysis=0")
        done = self.run_program(self.log, *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("build: 100 tests with 200 guests, 3 saved guests, 0 other", done.stdout)
        self.assertIn("limit: cores", done.stdout)

    def test_mistakes(self) -> None:
        for arguments, why in (
            ((self.log,), "ERROR scale: give --cores, or --machines"),
            ((self.log, "--cores=2", "--busy"), "ERROR scale: --busy takes CPU seconds"),
            ((self.log, "--cores=2", "more"), "ERROR scale: unexpected arguments: more"),
            (("--log=/none", "--cores=2"), "ERROR scale: cannot read /none: No such file"),
        ):
            with self.subTest(arguments):
                done = self.run_program(*arguments)
                self.assertEqual(done.returncode, 3, done.stdout)
                self.assertStartsWith(done.stderr, why)


if __name__ == "__main__":
    absltest.main()
