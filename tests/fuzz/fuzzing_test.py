# SPDX-License-Identifier: Apache-2.0
"""`ktstr fuzz` from its arguments to its answer, with programs that play by a rule."""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from absl.testing import absltest

from ktstr.command.context import Context
from ktstr.command.parser import parser_of
from ktstr.command.workspace import fuzz
from ktstr.command.workspace.fuzz import fuzzed
from ktstr.fuzz import crew
from ktstr.fuzz.corpus import opened
from ktstr.fuzz.crew import Crew
from ktstr.fuzz.grammar import families_without, knob_of, setting_of
from ktstr.fuzz.protocol import VERSION, Ready
from ktstr.model.errors import InfraError, UsageError
from tests.fuzz import player

_KNOB = "error_after_ns=0,1"


class FuzzingTest(absltest.TestCase):
    def setUp(self) -> None:
        self._folder = Path(self.create_tempdir().full_path)
        self._log = self._folder / "log"
        self._err = io.StringIO()

    def _program(self, rule: str, label: str = "//a:test") -> str:
        words = [sys.executable, "-B", player.__file__, label, rule, str(self._log)]
        path = self._folder / f"{rule}{label.replace('/', '_')}"
        path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        path.chmod(0o755)
        return str(path)

    def _context(self, out: io.StringIO) -> Context:
        environ = dict(os.environ) | {"PYTHONPATH": os.pathsep.join(sys.path)}
        return Context(self._folder, environ, out, self._err)

    def _fuzzed(
        self, *programs: str, runs: int = 40, words: str = ""
    ) -> tuple[int, dict[str, Any]]:
        line = f"fuzz //a:test --json --runs={runs} --corpus=corpus --knob={_KNOB} {words}"
        options = parser_of().parse_args(line.split())
        options.rest = ()
        out = io.StringIO()
        allowed = fuzz.Allowed(families_without(tuple(options.without)), (knob_of(_KNOB),))
        code = fuzzed(programs, options, self._context(out), allowed)
        return code, json.loads(out.getvalue())

    def _numbers(self) -> list[int]:
        return [int(line.split()[0]) for line in self._log.read_text().splitlines()]

    def test_a_fault_is_found_shrunk_and_told_once(self) -> None:
        code, told = self._fuzzed(self._program("knob"), runs=150, words="--jobs=3")
        self.assertEqual(code, 1)
        (alarm,) = told["alarms"]
        self.assertEqual(alarm["key"], "scheduler_ejected error at N ns reached")
        self.assertEqual((alarm["ops"], alarm["whole"]), (1, True))
        self.assertGreater(alarm["times"], 1)
        self.assertEqual(told["scenarios"], 150)
        text = Path(alarm["test"]).read_text()
        self.assertIn('SetKnob("error_after_ns", 1)', text)
        self.assertIn(f"seed 1, scenario {alarm['first']}", text)
        self.assertIn("ns reached\n\\\\x00 \\\\udcff", text)
        compile(text, "found.py", "exec")
        self.assertIn("shrunk to 1 ops in", self._err.getvalue())

    def test_nothing_is_found(self) -> None:
        code, told = self._fuzzed(self._program("none"), words="--jobs=2")
        self.assertEqual((code, told["alarms"], told["unjudged"]), (0, [], {}))
        self.assertGreater(told["code_bytes"], 100)
        self.assertLess(told["kept"], 20)

    def test_an_alarm_that_does_not_come_again_says_so(self) -> None:
        code, told = self._fuzzed(self._program("once"), words="--jobs=1")
        (alarm,) = told["alarms"]
        self.assertEqual((code, alarm["again"], alarm["whole"]), (1, False, False))
        self.assertIn("It did not come again", Path(alarm["test"]).read_text())

    def test_a_kernels_variable_without_a_name(self) -> None:
        with self.assertRaisesRegex(UsageError, "--kernel =5: say NAME=VALUE, with a whole"):
            setting_of("=5")

    def test_where_nothing_was_played_nothing_is_said_to_hold(self) -> None:
        code, told = self._fuzzed(self._program("none"), words="--jobs=1 --for=0.0000001")
        self.assertEqual((code, told["scenarios"]), (2, 0))

    def test_what_is_not_known_of_the_code_is_told(self) -> None:
        code, told = self._fuzzed(self._program("blind"), runs=5, words="--jobs=1")
        self.assertEqual((code, told["code_bytes"]), (0, 0))
        self.assertEqual(told["lacks"], {"no room for records": 5})

    def test_an_alarm_that_was_not_shrunk_yet_is_one(self) -> None:
        with mock.patch.object(Crew, "all_of", return_value=None):
            code, told = self._fuzzed(self._program("knob"), runs=40, words="--jobs=1")
        self.assertEqual((code, told["alarms"]), (1, []))
        self.assertEqual(list(told["unshrunk"]), ["scheduler_ejected error at N ns reached"])

    def test_a_corpus_goes_on_where_it_was_left(self) -> None:
        program = self._program("knob")
        self._fuzzed(program, runs=20, words="--jobs=1")
        self._log.write_text("")
        code, told = self._fuzzed(program, runs=15, words="--jobs=1")
        self.assertEqual((code, told["scenarios"], told["played"]), (1, 35, 15))
        self.assertEqual(self._numbers(), list(range(20, 35)))
        self.assertIn("goes on behind 20 scenarios", self._err.getvalue())

    def test_the_same_of_a_seed_however_many_at_once(self) -> None:
        digests = []
        for jobs in (1, 4):
            self._log.write_text("")
            self._fuzzed(self._program("none"), words=f"--jobs={jobs} --corpus=c{jobs}")
            digests.append(sorted(self._log.read_text().splitlines()))
        self.assertEqual(digests[0], digests[1])

    def test_two_machines_of_which_one_fails(self) -> None:
        programs = self._program("none"), self._program("knob", "//b:test")
        code, told = self._fuzzed(*programs, words="--against=//b:test --jobs=1")
        self.assertEqual(code, 1)
        (alarm,) = told["alarms"]
        self.assertEndsWith(alarm["key"], "(under //b:test alone)")
        self.assertEqual(alarm["ops"], 1)

    def test_a_player_that_dies_is_started_again(self) -> None:
        code, told = self._fuzzed(self._program("dies"), runs=25, words="--jobs=2 --shrinks=5")
        self.assertEqual((code, told["scenarios"]), (1, 25))
        (alarm,) = told["alarms"]
        self.assertEqual(alarm["kind"], "infra")
        self.assertIn("out of memory", alarm["message"])

    def test_what_other_programs_say_is_no_message(self) -> None:
        code, told = self._fuzzed(self._program("noisy"), runs=5, words="--jobs=2")
        self.assertEqual((code, told["scenarios"], told["unjudged"]), (0, 5, {}))

    def test_a_player_that_does_not_answer_is_ended_and_started_again(self) -> None:
        with mock.patch.object(crew, "_ANSWER_S", 1.0):
            code, told = self._fuzzed(self._program("hangs"), runs=25, words="--jobs=1 --shrinks=1")
        self.assertEqual((code, told["scenarios"]), (1, 25))
        (alarm,) = told["alarms"]
        self.assertIn("its player ended: it gave no answer within 1 s", alarm["message"])

    def test_one_that_does_not_end_either_is_killed(self) -> None:
        with mock.patch.object(crew, "_ANSWER_S", 1.0), mock.patch.object(crew, "_END_S", 0.5):
            code, told = self._fuzzed(self._program("deaf"), runs=25, words="--jobs=1 --shrinks=1")
        self.assertEqual((code, told["scenarios"]), (1, 25))
        left = subprocess.run(["pgrep", "-f", str(self._log)], capture_output=True, check=False)
        self.assertEqual(left.stdout, b"")

    def test_a_machine_that_is_another_one_when_its_player_starts_again(self) -> None:
        with self.assertRaisesRegex(UsageError, "//a:test was built anew while it was fuzzed"):
            self._fuzzed(self._program("changes"), words="--jobs=1")

    def test_players_that_run_are_ended_where_another_cannot_start(self) -> None:
        with self.assertRaisesRegex(InfraError, "cannot start "):
            self._fuzzed(self._program("slow"), str(self._folder / "none"))
        left = subprocess.run(["pgrep", "-f", str(self._log)], capture_output=True, check=False)
        self.assertEqual(left.stdout, b"")

    def test_a_corpus_is_of_one_topology(self) -> None:
        ready = Ready(VERSION, "//a:test", "1n1l1c1t", None, None, "kernel", "subject")
        allowed = fuzz.Allowed(families_without(()))
        one, other = (
            fuzz.about_of([replace(ready, topology=each)], 1, allowed)
            for each in ("1n1l1c1t", "1n1l2c1t")
        )
        with opened(self._folder / "corpus", one):
            pass
        words = "the corpus was made with machines"
        with self.assertRaisesRegex(UsageError, words), opened(self._folder / "corpus", other):
            self.fail("opened")

    def test_a_machine_that_is_none(self) -> None:
        with self.assertRaisesRegex(UsageError, "has ended .*there is no such machine"):
            self._fuzzed(self._program("refuses"))

    def test_a_family_that_there_is_not(self) -> None:
        options = parser_of().parse_args(["fuzz", "//a:test", "--without", "hotplugs"])
        with self.assertRaisesRegex(UsageError, "no such family .did you mean .hotplug"):
            fuzz.run(options, self._context(io.StringIO()))

    def test_a_knob_without_a_scheduler_that_has_one(self) -> None:
        machine = Ready(VERSION, "//a:test", "1n1l1c1t", None, None, "kernel", "")
        with self.assertRaisesRegex(UsageError, "--knob error_after_ns: //a:test has no scheduler"):
            fuzz.grammar_of(machine, fuzz.Allowed(families_without(()), (knob_of(_KNOB),)))

    def test_ctrl_c_ends_it_in_order_and_the_next_run_goes_on(self) -> None:
        child = os.fork()
        if child == 0:
            code = 9
            try:
                code, told = self._fuzzed(self._program("slow"), runs=1000, words="--jobs=1")
                (self._folder / "told").write_text(json.dumps(told))
            finally:
                os._exit(code)
        journal = self._folder / "corpus" / "journal.jsonl"
        ends_at = time.monotonic() + 60
        while not (journal.exists() and journal.read_bytes().count(b"\n") >= 2):
            self.assertLess(time.monotonic(), ends_at)
            time.sleep(0.05)
        os.kill(child, signal.SIGINT)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        told = json.loads((self._folder / "told").read_text())
        self.assertTrue(told["stopped"])
        there = journal.read_bytes().count(b"\n")
        _, again = self._fuzzed(self._program("slow"), runs=1, words="--jobs=1")
        self.assertEqual(again["scenarios"], there + 1)
        left = subprocess.run(["pgrep", "-f", str(self._log)], capture_output=True, check=False)
        self.assertEqual(left.stdout, b"")


if __name__ == "__main__":
    absltest.main()
