# SPDX-License-Identifier: Apache-2.0
"""The corpus folder: refused, resumed, and what a kill leaves of it."""

from __future__ import annotations

import json
import resource
from dataclasses import replace
from pathlib import Path

from absl.testing import absltest

from ktstr.fuzz.cause import Cause, Standing
from ktstr.fuzz.corpus import FORMAT, About, Alarm, opened
from ktstr.fuzz.journal import Entry, Journal
from ktstr.fuzz.judged import Judged
from ktstr.fuzz.trial import Trial
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.scenario.scenario import CgroupDef, Fixed, Scenario, Step

_ABOUT = About(7, ("//a:test",), ("k1",), ("s1",), ("hotplug",), ())
_TRIAL = Trial(Scenario((Step((CgroupDef("a"),), hold=Fixed(0.1)),)), 1.0)


def _entry(number: int) -> Entry:
    judged = Judged(Standing.FAILED, Cause("panic", "panic boom", "boom 7"))
    return Entry.of(number, judged, ((1, 5),), 1.5, 10.0)


class CorpusTest(absltest.TestCase):
    def setUp(self) -> None:
        self._folder = Path(self.create_tempdir().full_path) / "corpus"

    def _refused(self, error: type[Exception], words: str, about: About = _ABOUT) -> None:
        with self.assertRaisesRegex(error, words), opened(self._folder, about):
            self.fail("opened")

    def test_what_was_kept_is_there_for_the_next_run(self) -> None:
        with opened(self._folder, _ABOUT) as corpus:
            corpus.keep(3, _TRIAL)
            corpus.journal.add(_entry(3))
            alarm = Alarm("panic", "panic boom", "boom 7", 3, 5, 12, True, _TRIAL)
            path = corpus.alarm(alarm, "text\n")
        with opened(self._folder, _ABOUT) as corpus:
            self.assertEqual(corpus.kept(3), _TRIAL)
            self.assertEqual(corpus.journal.read(), {3: _entry(3)})
            self.assertEqual(corpus.alarms(), {"panic boom": alarm})
        self.assertEqual(path.read_text(), "text\n")

    def test_another_format_is_refused_by_name(self) -> None:
        with opened(self._folder, _ABOUT):
            pass
        about = self._folder / "corpus.json"
        said = json.loads(about.read_text())
        about.write_text(json.dumps(said | {"format": FORMAT + 1}))
        with (
            self.assertRaisesRegex(
                UsageError, f"the corpus is of format {FORMAT + 1}, and this ktstr has {FORMAT}"
            ),
            opened(self._folder, _ABOUT),
        ):
            self.fail("opened")

    def test_another_kernel_seed_or_grammar_is_refused_by_name(self) -> None:
        with opened(self._folder, _ABOUT):
            pass
        for name, about in (
            ("kernels", replace(_ABOUT, kernels=("k2",))),
            ("seed", replace(_ABOUT, seed=8)),
            ("families", replace(_ABOUT, families=())),
        ):
            self._refused(UsageError, f"the corpus was made with {name} ", about)

    def test_a_folder_of_something_else(self) -> None:
        self._folder.mkdir()
        (self._folder / "letter").write_text("dear")
        self._refused(UsageError, "there are files, and no corpus")
        (self._folder / "corpus.json").write_text("[1]")
        self._refused(UsageError, "this says nothing of a corpus")

    def test_no_place_for_it(self) -> None:
        self._folder.write_text("a file")
        self._refused(InfraError, "no corpus can be there")

    def test_two_runs_at_once(self) -> None:
        with opened(self._folder, _ABOUT):
            self._refused(UsageError, "another run has this corpus")

    def test_a_trial_that_somebody_took_away(self) -> None:
        missing = self.assertRaisesRegex(UsageError, "a trial of the journal is not there")
        with opened(self._folder, _ABOUT) as corpus, missing:
            corpus.kept(4)

    def test_a_killed_run_loses_the_line_that_it_wrote(self) -> None:
        with opened(self._folder, _ABOUT) as corpus:
            for number in range(3):
                corpus.journal.add(_entry(number))
        path = self._folder / "journal.jsonl"
        path.write_bytes(path.read_bytes()[:-9])
        journal = Journal(path)
        self.assertEqual(sorted(journal.read()), [0, 1])
        journal.add(_entry(2))
        self.assertEqual(sorted(journal.read()), [0, 1, 2])

    def test_a_trial_that_somebody_changed(self) -> None:
        missing = self.assertRaisesRegex(UsageError, "000003.json: a trial of the journal is not")
        with opened(self._folder, _ABOUT) as corpus, missing:
            corpus.keep(3, _TRIAL)
            (self._folder / "kept" / "000003.json").write_text("{}")
            corpus.kept(3)

    def test_an_alarm_that_cannot_be_read(self) -> None:
        none = self.assertRaisesRegex(UsageError, "cause.json: this is no alarm of this version")
        with opened(self._folder, _ABOUT) as corpus, none:
            (self._folder / "alarms" / "panic" / "cause.json").mkdir(parents=True)
            corpus.alarms()

    def test_a_line_that_a_full_disk_cuts_is_taken_back(self) -> None:
        path = Path(self.create_tempdir().full_path) / "journal.jsonl"
        journal = Journal(path)
        journal.add(_entry(0))
        room = path.stat().st_size + 9
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        full = self.assertRaisesRegex(InfraError, "journal.jsonl cannot be written: ")
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        try:
            with full:
                journal.add(_entry(1))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        journal.add(_entry(2))
        self.assertEqual(sorted(journal.read()), [0, 2])

    def test_a_stretch_of_code_without_an_end(self) -> None:
        path = Path(self.create_tempdir().full_path) / "journal.jsonl"
        Journal(path).add(replace(_entry(0), new=((7,),)))
        with self.assertRaisesRegex(UsageError, "line 1: this is no journal of trials"):
            Journal(path).read()

    def test_a_line_that_is_none(self) -> None:
        path = Path(self.create_tempfile("journal.jsonl", '{"number": 1}\n').full_path)
        with self.assertRaisesRegex(UsageError, "line 1: this is no journal of trials"):
            Journal(path).read()


if __name__ == "__main__":
    absltest.main()
