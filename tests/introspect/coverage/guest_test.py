# SPDX-License-Identifier: Apache-2.0
"""Coverage of real guests: code that one scenario reaches and another does not, and facts alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from absl.testing import absltest

from ktstr.execute.outcome import Outcome
from ktstr.execute.parts import parts
from ktstr.introspect.coverage.coverage import Coverage, FileCoverage
from ktstr.model.verdict.checks import Verdict
from ktstr.runner.coverage import sources_of
from ktstr.runner.files import RunfilesTree
from tests.support.prepared import prepared

_CONFIG = "_main/tests/introspect/coverage/subject.config.json"
_SOURCE = "tests/introspect/coverage/branchy.bpf.c"


def _coverage(outcome: Outcome) -> Coverage:
    assert outcome.run.coverage is not None
    return outcome.run.coverage


class GuestTest(absltest.TestCase):
    watched: ClassVar[dict[str, Outcome]] = {}
    frames: ClassVar[dict[str, list[bytes]]] = {}

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        with prepared(_CONFIG, lambda cases: 2 * cases) as target:
            lines = sources_of(target.target, RunfilesTree().path)
            plain = replace(target.session, looks=parts())
            for session in (
                plain,
                replace(target.session, lines=lines, asked=frozenset({"coverage"})),
            ):
                for outcome in session.run(target.cases, lambda _: None):
                    path = Path(target.place) / outcome.test / "frames.bin"
                    cls.frames.setdefault(outcome.test, []).append(path.read_bytes())
                    cls.watched[outcome.test] = outcome

    def _source(self, test: str) -> FileCoverage:
        (found,) = (each for each in _coverage(self.watched[test]).subject if each.path == _SOURCE)
        return found

    def test_the_run_is_the_same(self) -> None:
        for plain, watched in self.frames.values():
            self.assertEqual(plain, watched)
        for outcome in self.watched.values():
            self.assertIs(outcome.judgement.verdict, Verdict.PASS)
            self.assertEqual((_coverage(outcome).problem, _coverage(outcome).lacks), ("", ()))

    def test_a_branch_that_one_reaches(self) -> None:
        heavy, usual = self._source("heavy"), self._source("usual")
        self.assertEqual(heavy.missed, ("branchy_yield",))
        self.assertEqual(usual.missed, ("count_heavy", "branchy_yield"))
        differs = {line for line in heavy.lines if heavy.lines[line] != usual.lines[line]}
        texts = (RunfilesTree().path(f"_main/{_SOURCE}")).read_text().splitlines()
        self.assertTrue(differs)
        for line in differs:
            self.assertRegex(texts[line - 1], "nr_heavy|count_heavy|^}")

    def test_lines_that_the_verifier_took_away_count_as_not_reached(self) -> None:
        texts = (RunfilesTree().path(f"_main/{_SOURCE}")).read_text().splitlines()
        (line,) = (i for i, text in enumerate(texts, 1) if "add(&nr_traced" in text)
        self.assertEqual(self._source("heavy").lines[line], 0)

    def test_the_kernels_scheduler(self) -> None:
        files = {each.path: each for each in _coverage(self.watched["heavy"]).kernel}
        ext = files["kernel/sched/ext.c"]
        self.assertGreater(ext.reached_lines, 300)
        self.assertLess(ext.reached_lines, len(ext.lines))
        for name in ("enqueue_task_scx", "balance_scx", "bpf_scx_reg"):
            self.assertEqual(ext.functions[name].count, 1, name)
        for name in ("scx_dump_state", "sysrq_handle_sched_ext_dump"):
            self.assertIn(name, ext.missed)

    def test_the_loader(self) -> None:
        (loader,) = _coverage(self.watched["heavy"]).loader
        self.assertEqual(loader.path, "user/scx-loader")
        for name, count in (("session_attach", 1), ("control_read", 1), ("verifier_ask", 0)):
            self.assertEqual(loader.functions[name].count, count, name)


if __name__ == "__main__":
    absltest.main()
