# SPDX-License-Identifier: Apache-2.0
"""`ktstr fuzz` on real guests: a fault is found, shrunk, and the same comes of the seed again."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

from absl.testing import absltest
from runfiles import Runfiles

from ktstr.command.context import Context
from ktstr.command.parser import parser_of
from ktstr.command.workspace.fuzz import Allowed, fuzzed
from ktstr.fuzz.grammar import Family, knob_of

_KNOB = "error_after_ns=0,1"
# What the fault does not need is left out, so that few guests do.
_FEW = frozenset({Family.KNOBS, Family.CPUSETS, Family.FREEZE, Family.LIMITS})


class FuzzVmTest(absltest.TestCase):
    def setUp(self) -> None:
        self._folder = Path(self.create_tempdir().full_path)

    def _fuzzed(self, *names: str, words: str) -> tuple[int, dict[str, Any]]:
        runfiles = Runfiles.Create()
        assert runfiles is not None
        programs = [runfiles.Rlocation(f"_main/tests/fuzz/{name}") for name in names]
        options = parser_of().parse_args(["fuzz", "//x", "--json", *words.split()])
        options.rest = ()
        out, err = io.StringIO(), io.StringIO()
        context = Context(self._folder, os.environ, out, err)
        found = [program for program in programs if program is not None]
        knobs = (knob_of(_KNOB),) if names[0] == "subject" else ()
        code = fuzzed(found, options, context, Allowed(_FEW, knobs))
        return code, json.loads(out.getvalue())

    def test_a_fault_is_found_and_shrunk_and_again_by_its_seed(self) -> None:
        told, kept = [], []
        for corpus, jobs in (("one", 1), ("two", 2)):
            words = f"--runs=3 --seed=4 --jobs={jobs} --shrinks=30 --corpus={corpus}"
            code, found = self._fuzzed("subject", words=words)
            self.assertEqual(code, 1, found)
            (alarm,) = found["alarms"]
            self.assertEqual(alarm["kind"], "scheduler_ejected")
            self.assertIn("error_after_ns=1 reached", alarm["message"])
            self.assertGreater(alarm["ops_first"], 6)
            self.assertLessEqual(alarm["ops"], 6)
            self.assertIn('SetKnob("error_after_ns", 1)', Path(alarm["test"]).read_text())
            self.assertGreater(found["code_bytes"], 50_000)
            self.assertGreater(found["kept"], 1)
            told.append({key: value for key, value in alarm.items() if key != "test"})
            kept.append({path.name: path.read_text() for path in self._kept(corpus)})
        self.assertEqual(told[0], told[1])
        self.assertEqual(kept[0], kept[1])

    def _kept(self, corpus: str) -> list[Path]:
        return sorted((self._folder / corpus / "kept").iterdir())

    def test_two_schedulers_on_the_same_scenarios(self) -> None:
        code, found = self._fuzzed("eevdf", "subject", words="--runs=2 --jobs=1 --corpus=both")
        self.assertEqual((code, found["alarms"], found["scenarios"]), (0, [], 2), found)


if __name__ == "__main__":
    absltest.main()
