# SPDX-License-Identifier: Apache-2.0
"""An author's `after` function: what it is given, what it may say, and what becomes of it."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from pathlib import Path
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.after import call
from ktstr.after.call import with_after
from ktstr.after.finished import Finished, finished
from ktstr.after.saved import NAME, SavedSources, read_sources, sources_of, text_of, unpack
from ktstr.judge.judge import judge
from ktstr.judge.judgement import Judgement
from ktstr.model.codec import decode, encode
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.facts import Metric, PayloadFacts
from ktstr.model.payload import PayloadEnd, Stream
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from ktstr.rejudge.rejudge import rejudge
from ktstr.result.make.whole import result_of
from ktstr.result.write import to_bytes
from tests.support import runs
from tests.support.results import CLONED, HOST, identity
from tests.support.saved import sendable, stream_of

_MODULE = """
    import os, time
    from ktstr import test
    import helper

    def look(run):
        {body}

    @test(after=look)
    def one(ctx):
        pass
"""


_HELPER = """
import os, stat, subprocess, sys, time
LIMIT = 3

# open descriptors of files, beside input and outputs
def files():
    for name in os.listdir("/proc/self/fd"):
        try:
            if int(name) > 2 and stat.S_ISREG(os.fstat(int(name)).st_mode):
                yield int(name)
        except OSError:
            continue

def files_of_a_child():
    look = "import helper; print(len(list(helper.files())))"
    folder = os.path.dirname(__file__)
    return int(subprocess.check_output([sys.executable, "-c", look], cwd=folder))

def forge(text):
    for each in files():
        os.write(each, text.encode())
    for word in sys.argv[1:]:
        if not os.path.isdir(word):
            open(word, "w").write(text)

def get_away(folder):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            open(os.path.join(folder, str(os.getpid())), "w").close()
            time.sleep(600)
        os._exit(0)
    os.wait()
    while not os.listdir(folder):
        time.sleep(0.01)
"""


def saved(body: str) -> SavedSources:
    """A test `one` whose `after` function does this."""
    text = textwrap.dedent(_MODULE).replace("{body}", body)
    files = {"pkg/one.py": text, "pkg/helper.py": _HELPER}
    return SavedSources("one", "pkg/one.py", "look", files)


def a_run() -> RunRecord:
    """One that passes."""
    return runs.good_run()


def judged(body: str) -> Judgement:
    """What becomes of a run that passes."""
    run = a_run()
    return with_after(run, judge(run), saved(body))


class VerdictTest(parameterized.TestCase):
    @parameterized.parameters("return None", "return []", "return ()")
    def test_nothing_against_it(self, body: str) -> None:
        made = judged(body)
        self.assertIs(made.verdict, Verdict.PASS)
        self.assertIn("look found nothing against it afterwards", made.evidence)
        assert made.after is not None
        self.assertIs(made.after.verdict, Verdict.PASS)

    def test_what_it_says_fails_the_run(self) -> None:
        made = judged("return [f'{len(run.workers)} workers', 'and more']")
        self.assertIs(made.verdict, Verdict.FAIL)
        self.assertEqual(
            [(each.kind, each.message) for each in made.details[:2]],
            [(Kind.AFTER, "look: 2 workers"), (Kind.AFTER, "look: and more")],
        )
        assert made.after is not None
        self.assertEqual(made.after.found, ("2 workers", "and more"))

    def test_it_sees_figures_and_its_neighbours(self) -> None:
        made = judged("return str(run.figure('workers', 'cg_0') + helper.LIMIT)")
        self.assertEqual(made.details[0].message, "look: 5.0")

    def test_a_run_that_has_not_passed_stays_as_it_is(self) -> None:
        run = runs.good_run(workers=(runs.worker(work_units=0),))
        before = judge(run)
        self.assertIsNot(before.verdict, Verdict.PASS)
        made = with_after(run, before, saved("return 'worse'"))
        self.assertEqual(dataclasses.replace(made, after=None), before)
        assert made.after is not None
        self.assertIsNone(made.after.verdict)
        self.assertIn("was not called", made.after.why)

    def test_half_a_character_goes_into_the_result_as_its_number(self) -> None:
        made = judged("return 'a \\udcff'")
        self.assertEqual(made.details[0].message, "look: a \\udcff")
        made = judged("raise ValueError('a \\udcff')")
        self.assertIn("ValueError: a \\udcff", made.details[0].message)
        made.details[0].message.encode()

    @parameterized.parameters(
        "7", '{"found": []}', '{"key": null, "found": []}', '{"key": "1", "found": []}'
    )
    def test_an_answer_that_is_not_ours(self, text: str) -> None:
        made = judged(f"helper.forge({text!r}); os._exit(0)")
        self.assertIs(made.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("it ended its process without an answer", made.details[0].message)
        # one that then comes to its end has not forged anything
        made = judged(f"helper.forge({text!r}); return 'too few'")
        self.assertEqual(made.details[0].message, "look: too few")

    def test_what_it_starts_has_no_part_in_the_answer(self) -> None:
        made = judged("os.fork(); return 'too few'")
        self.assertEqual(made.details[0].message, "look: too few")
        made = judged("return f'{len(list(helper.files()))} and {helper.files_of_a_child()}'")
        self.assertEqual(made.details[0].message, "look: 1 and 0")

    @parameterized.parameters("return None", "time.sleep(600)", "os._exit(0)")
    def test_nothing_of_it_lives_on(self, body: str) -> None:
        started = Path(self.create_tempdir().full_path)
        with mock.patch.object(call, "DEADLINE_S", 3.0):
            judged(f"helper.get_away({str(started)!r}); {body}")
        pids = [int(each.name) for each in started.iterdir()]
        self.assertNotEmpty(pids)
        for pid in pids:
            self.assertFalse(Path(f"/proc/{pid}").exists(), pid)

    def test_one_that_kills_who_watches_over_it(self) -> None:
        made = judged("os.kill(os.getppid(), 9); time.sleep(600)")
        self.assertIn("the process that watches over it (killed by SIG", made.details[0].message)

    @parameterized.parameters(
        ("return 5", "it returned 5; None is due where it finds nothing"),
        ("return ['a', '']", r"it returned \['a', ''\]; None is due"),
        ("raise ValueError('no')", r"it raised ValueError: no \(at pkg/one.py:7\)"),
        ("assert not run.workers", r"it raised AssertionError \(at pkg/one.py:7\)"),
        ("return run.figure('workerz')", r"figure 'workerz' was not measured.*'workers'.*:7\)"),
        ("return str(os.getpid()) + str(time.time_ns())", "it says another thing each time"),
        ("os._exit(3)", "it ended its process .exit status 3"),
        ("os._exit(0)", "it ended its process without an answer"),
        (
            "print('words', flush=True); os._exit(3)",
            "exit status 3.*\nIt printed, at the end:\nwords",
        ),
        ("raise SystemExit(4)", "it raised SystemExit: 4"),
        ("import nowhere", "No module named 'nowhere'"),
    )
    def test_mistakes_are_the_authors(self, body: str, words: str) -> None:
        made = judged(body)
        self.assertIs(made.verdict, Verdict.INCONCLUSIVE)
        self.assertIs(made.details[0].kind, Kind.USAGE)
        self.assertRegex(made.details[0].message, f"^pkg/one.py: after=look of test one: .*{words}")

    def test_one_that_does_not_end(self) -> None:
        with mock.patch.object(call, "DEADLINE_S", 0.5):
            made = judged("time.sleep(600)")
        self.assertIn("it did not end within 0.5 s", made.details[0].message)

    def test_a_test_that_has_none_any_more(self) -> None:
        run = a_run()
        sources = dataclasses.replace(saved("return None"), test="two")
        made = with_after(run, judge(run), sources)
        self.assertIn("test two has no `after` function any more", made.details[0].message)


class FinishedTest(absltest.TestCase):
    def data(self) -> Finished:
        run = a_run()
        return finished(run, judge(run).statistics)

    def test_it_goes_through_json(self) -> None:
        data = self.data()
        self.assertEqual(decode(Finished, encode(data)), data)

    def test_figures_of_all_and_of_a_cgroup(self) -> None:
        data = self.data()
        self.assertEqual(data.figure("workers"), data.figure("workers", "cg_0"))
        with self.assertRaisesRegex(UsageError, "of cgroup 'cg_9' was not measured.*: cg_0"):
            data.figure("workers", "cg_9")
        with self.assertRaisesRegex(UsageError, "in step 'x' was not measured"):
            data.figure("workers", step="x")

    def test_metrics_of_payloads(self) -> None:
        printed = PayloadFacts(
            "fio", 0, None, None, ("fio",), 1, 1, 2, PayloadEnd.EXITED, 0, "", 0, 0, False, False,
            "", "", (Metric("iops", 3.0, Stream.STDOUT),),
        )  # fmt: skip
        data = dataclasses.replace(self.data(), payloads=(printed,))
        self.assertEqual(data.metric("fio", "iops"), 3.0)
        with self.assertRaisesRegex(UsageError, r"no metric 'iop' \(did you mean 'iops'"):
            data.metric("fio", "iop")


class SavedTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.create_tempdir().full_path)

    def keep(self, sources: SavedSources) -> None:
        (self.folder / NAME).write_text(json.dumps(encode(sources)))

    def test_sources_are_kept_as_they_were(self) -> None:
        (self.folder / "mine.py").write_text("# mine\n")
        files = {"pkg/one.py": str(self.folder / "mine.py")}
        (self.folder / NAME).write_bytes(text_of(sources_of("one", "pkg/one.py", "look", files)))
        found = read_sources(self.folder)
        self.assertEqual(
            found, SavedSources("one", "pkg/one.py", "look", {"pkg/one.py": "# mine\n"})
        )

    def test_none(self) -> None:
        self.assertIsNone(read_sources(self.folder))

    def test_what_cannot_be_read(self) -> None:
        (self.folder / NAME).write_text("{")
        with self.assertRaisesRegex(UsageError, "after.json is damaged, or another version"):
            read_sources(self.folder)
        with self.assertRaisesRegex(UsageError, "a.py, which after=look may need, cannot be read"):
            sources_of("one", "a.py", "look", {"a.py": str(self.folder / "gone")})

    def test_no_file_leads_out(self) -> None:
        with self.assertRaisesRegex(UsageError, "'../x.py' is no name of a file of the test's"):
            unpack(SavedSources("one", "a.py", "look", {"../x.py": ""}), self.folder)

    @parameterized.parameters("", ".", "a\0b", "a.py/b.py")
    def test_names_that_no_file_can_have(self, name: str) -> None:
        files = {"a.py": "", name: ""}
        with self.assertRaisesRegex(UsageError, "is no name of a file of the test's"):
            unpack(SavedSources("one", "a.py", "look", files), self.folder)

    def test_no_room_for_the_sources(self) -> None:
        full = mock.patch.object(Path, "write_text", side_effect=OSError(28, "No space left"))
        with full, self.assertRaisesRegex(InfraError, "a.py: the saved sources cannot be written"):
            unpack(SavedSources("one", "a.py", "look", {"a.py": ""}), self.folder)

    def test_a_saved_run_is_looked_at_again(self) -> None:
        run = sendable(dataclasses.replace(a_run(), start=CLONED))
        sources = saved("return 'too few' if len(run.workers) < 3 else None")
        self.keep(sources)
        made = result_of(run, with_after(run, judge(run), sources), identity(), HOST)
        (self.folder / "result.pb").write_bytes(to_bytes(made))
        (self.folder / "frames.bin").write_bytes(stream_of(run))
        found = rejudge(self.folder)
        assert found is not None
        self.assertTrue(found.is_same, found.parts)
        self.assertEqual(
            (found.after.after.function, *found.after.after.found), ("look", "too few")
        )
        self.assertEqual(found.after.details[0].message, "look: too few")
        # the function is another one today
        self.keep(saved("return None"))
        again = rejudge(self.folder)
        assert again is not None
        self.assertIn("after", again.parts)


if __name__ == "__main__":
    absltest.main()
