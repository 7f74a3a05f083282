# SPDX-License-Identifier: Apache-2.0
"""What is imported is kept once, found again by what it is of, and survives whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.history.database import history, writing
from ktstr.history.importing import BATCH
from ktstr.history.schema import MIGRATIONS
from ktstr.result import result_pb2
from ktstr.result.write import SCHEMA_VERSION, to_bytes
from tests.support.commanding import Said, ktstr
from tests.support.saved_results import events, made, save
from tests.support.small_disk import small_disk


class HistoryTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)
        self.logs = self.top / "testlogs"
        self.file = self.top / "history.sqlite"

    def run_ktstr(self, *arguments: str | Path, **environ: str) -> Said:
        return ktstr(
            *arguments, here=self.top, environ={"KTSTR_HISTORY": str(self.file), **environ}
        )

    def imported(self, *arguments: str | Path, **environ: str) -> Said:
        said = self.run_ktstr("import", *arguments, **environ)
        self.assertEqual(said.code, 0, said.err)
        return said

    def refused(self, words: str, *arguments: str | Path) -> None:
        said = self.run_ktstr(*(arguments or ("runs",)))
        self.assertEqual(said.code, 3)
        self.assertRegex(said.err, words)

    def count(self, table: str) -> int:
        with history(self.file) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def runs(self, *arguments: str) -> list[dict[str, object]]:
        said = self.run_ktstr("runs", "--json", *arguments)
        self.assertEqual(said.code, 0, said.err)
        found: list[dict[str, object]] = json.loads(said.out)
        return found


class ImportTest(HistoryTest):
    def test_a_folder(self) -> None:
        save(made("one"), self.logs)
        save(made("two", verdict=result_pb2.FAIL), self.logs)
        said = self.imported(self.logs, "--commit=c0ffee", "--branch=main", "--dirty=no")
        self.assertIn("2 results added, 0 known, 0 refused", said.err)
        (run,) = self.runs()
        self.assertEqual(run["verdicts"], {"FAIL": 1, "PASS": 1})
        self.assertEqual((run["commit"], run["branch"], run["dirty"]), ("c0ffee", "main", False))
        self.assertEqual(run["started"], "2026-01-02T03:04:05+00:00")

    def test_the_same_again_doubles_nothing(self) -> None:
        save(made("one"), self.logs)
        for _ in range(3):
            self.imported(self.logs, "--commit=c0ffee")
        self.assertEqual([self.count(table) for table in ("run", "result", "facts")], [1, 1, 1])

    def test_equal_facts_of_many_runs_are_one_row(self) -> None:
        for number in range(1, 5):
            result = made("one", run=number, started=f"2026-01-0{number}T00:00:00+00:00")
            save(result, self.logs, run=number)
        self.imported(self.logs)
        self.assertEqual([self.count(table) for table in ("result", "facts", "whole")], [4, 1, 1])

    def test_a_cached_result_is_of_both_runs(self) -> None:
        save(made("one"), self.logs)
        self.imported(self.logs, "--commit=aaaa")
        self.imported(self.logs, "--commit=bbbb")
        self.assertEqual([self.count(table) for table in ("run", "result")], [2, 1])
        self.assertLen(self.runs("--where=commit=bbbb"), 1)

    def test_archives_are_read_as_they_are(self) -> None:
        outputs = self.logs / "my/some_test/test.outputs"
        outputs.mkdir(parents=True)
        with zipfile.ZipFile(outputs / "outputs.zip", "w") as archive:
            archive.writestr("one/result.pb", to_bytes(made("one")))
            archive.writestr("one/console.log", "no result")
        self.assertIn("1 results added", self.imported(self.logs).err)

    def test_no_whole_results(self) -> None:
        save(made("one"), self.logs)
        self.imported(self.logs, "--figures_only")
        self.assertEqual([self.count(table) for table in ("facts", "whole")], [1, 0])
        said = self.run_ktstr("show", "--run=last")
        self.assertEqual(said.code, 3)
        self.assertIn("imported with --figures_only", said.err)

    def test_a_runs_ci_and_tags(self) -> None:
        save(made("one"), self.logs)
        self.imported(
            self.logs,
            "--tag=team=core",
            GITHUB_RUN_ID="77",
            GITHUB_SHA="c0ffee",
            GITHUB_REF_NAME="main",
            GITHUB_SERVER_URL="https://forge",
            GITHUB_REPOSITORY="o/r",
        )
        (run,) = self.runs("--where=tag.team=co*,ci=github:77,branch=main")
        self.assertEqual(run["ci_url"], "https://forge/o/r/actions/runs/77")
        self.assertEqual(run["commit"], "c0ffee")
        self.assertEqual(self.runs("--where=tag.team=other"), [])

    def test_git_tells_commit_branch_and_changes(self) -> None:
        if shutil.which("git") is None:
            self.skipTest("there is no git")
        (self.top / "MODULE.bazel").touch()
        git = ("git", "-C", str(self.top), "-c", "user.name=a", "-c", "user.email=a@b")
        for words in (("init", "-q", "-b", "topic"), ("add", "."), ("commit", "-qm", "x")):
            subprocess.run([*git, *words], check=True)
        (self.top / "MODULE.bazel").write_text("# changed")
        save(made("one"), self.logs)
        said = self.imported(self.logs)
        (run,) = self.runs()
        self.assertEqual((run["branch"], run["dirty"]), ("topic", True))
        self.assertIn("from git, when it was imported", said.err)
        self.assertIn("1 of them are older than commit", said.err)

    def test_old_runs_go_and_what_others_have_stays(self) -> None:
        save(made("one"), self.logs)
        self.imported(self.logs, "--commit=aaaa")
        save(made("two", started="2027-01-01T00:00:00+00:00"), self.logs)
        self.imported(self.logs / "my/some_test/test.outputs/two", "--commit=bbbb")
        said = self.run_ktstr("clean", "--runs_before=2026-12-01")
        self.assertEqual(said.out, "removed 1 runs, and 1 results that no other has\n")
        self.assertEqual([self.count(table) for table in ("run", "result", "variant")], [1, 1, 1])

    def test_a_run_is_of_the_time_of_its_last_result(self) -> None:
        save(made("stale", started="2025-01-01T00:00:00+00:00"), self.logs)
        save(made("one"), self.logs)
        self.imported(self.logs)
        self.assertEqual(self.runs()[0]["started"], "2026-01-02T03:04:05+00:00")

    @parameterized.parameters("", "2026-01-02T03:00:00Z")
    def test_an_import_that_goes_on_stays_and_one_that_was_killed_can_go(self, began: str) -> None:
        save(made("one"), self.logs)
        self.imported(self.logs)
        with history(self.file) as connection, writing(connection):
            connection.execute("UPDATE run SET state = 'importing', started = ?", (began,))
            connection.execute("UPDATE run SET imported = '2026-06-01T00:00:00Z'")
        for before, runs in (("2026-05-01", 1), ("2026-07-01", 0)):
            self.run_ktstr("clean", f"--runs_before={before}")
            self.assertEqual(self.count("run"), runs)

    def test_a_killed_import_is_new_again_when_it_is_taken_up(self) -> None:
        save(made("one"), self.logs)
        self.imported(self.logs)
        with history(self.file) as connection, writing(connection):
            connection.execute("UPDATE run SET state = 'importing', imported = '2020-01-01'")
        self.imported(self.logs)
        self.assertGreater(str(self.runs()[0]["imported"]), "2020-01-01")


class EventsTest(HistoryTest):
    def test_an_invocation(self) -> None:
        target = save(made("one"), self.logs)
        save(made("stale", label="//my:other_test"), self.logs)
        status = {"COMMIT_SHA": "c0ffee", "BRANCH_NAME": "main"}
        self.imported(events(self.top / "bep.json", [target], status=status))
        (run,) = self.runs()
        self.assertEqual((run["state"], run["verdicts"]), ("whole", {"PASS": 1}))
        self.assertEqual((run["commit"], run["branch"]), ("c0ffee", "main"))

    def test_half_a_file_is_said_and_made_whole_later(self) -> None:
        targets = [save(made("one", label=f"//my:t{number}"), self.logs) for number in range(2)]
        bep = events(self.top / "bep.json", targets)
        whole = bep.read_text()
        lines = whole.splitlines(keepends=True)
        bep.write_text("".join(lines[:3]) + lines[3][:40])
        said = self.imported(bep)
        self.assertIn("ends in the middle", said.err)
        self.assertIn("1 results added", said.err)
        self.assertEqual(self.runs()[0]["state"], "cut short")
        bep.write_text(whole)
        self.assertIn("1 results added, 1 known", self.imported(bep).err)
        (run,) = self.runs()
        self.assertEqual((run["state"], run["verdicts"]), ("whole", {"PASS": 2}))

    def test_damage_in_the_middle_is_refused(self) -> None:
        bep = events(self.top / "bep.json", [save(made("one"), self.logs)])
        bep.write_text(bep.read_text().replace('"testResult": {"status"', '"testResult": {status'))
        said = self.run_ktstr("import", bep)
        self.assertEqual(said.code, 3)
        self.assertIn("bep.json:3 is no build event", said.err)

    def test_something_else_in_json(self) -> None:
        for text in ("{}\n", '{"a":' * 100_000):
            (self.top / "x.json").write_text(text)
            self.refused("no event says that a build started", "import", "x.json")

    def test_results_that_are_gone_or_elsewhere(self) -> None:
        bep = events(self.top / "bep.json", [self.logs / "gone"])
        bep.write_text(bep.read_text().replace("file://", "bytestream://cache"))
        said = self.run_ktstr("import", bep)
        self.assertEqual(said.code, 3)
        self.assertIn("1 tests of", said.err)
        self.assertIn("left their files in a remote cache", said.err)
        self.assertIn("no result of ktstr's is where they lay", said.err)


class BadInputTest(HistoryTest):
    def test_no_history(self) -> None:
        self.refused("there is no history in .*: `ktstr import` makes one")

    def test_a_result_of_another_schema_or_none(self) -> None:
        older, newer = made("older"), made("newer")
        older.schema_version, newer.schema_version = 3, SCHEMA_VERSION + 1
        for each in (older, newer, made("good")):
            save(each, self.logs)
        (save(made("bad"), self.logs) / "test.outputs/bad/result.pb").write_bytes(b"\xff\xff")
        said = self.run_ktstr("import", self.logs)
        self.assertEqual(said.code, 1)
        self.assertIn("is of schema version 3, which has no figures to keep", said.err)
        self.assertIn(f"is of schema version {SCHEMA_VERSION + 1} and this ktstr knows", said.err)
        self.assertIn("bad/result.pb holds no result", said.err)
        self.assertIn("1 results added, 0 known, 3 refused", said.err)

    def test_nothing_to_import(self) -> None:
        self.logs.mkdir()
        self.refused("no result.pb in .*testlogs or below", "import", self.logs)
        self.refused("there is no .*nowhere", "import", "nowhere")
        (self.logs / "outputs.zip").write_text("no archive")
        self.refused("cannot read .*outputs.zip", "import", self.logs)

    def test_no_database(self) -> None:
        self.file.write_text("this is no database, and long enough to have a head\n" * 20)
        self.refused("is no history: it is not an SQLite file")

    def test_a_database_of_something_else(self) -> None:
        with sqlite3.connect(self.file) as connection:
            connection.execute("CREATE TABLE run(id)")
        self.refused("is an SQLite file of something else: its application_id is 0")

    def test_a_newer_history(self) -> None:
        save(made("one"), self.logs)
        self.imported(self.logs)
        with sqlite3.connect(self.file) as connection:
            connection.execute("PRAGMA user_version = 99")
        self.refused(f"of version 99 and this ktstr knows {len(MIGRATIONS)} at most")
        self.refused("of version 99", "import", self.logs)

    def test_a_damaged_history(self) -> None:
        for number in range(200):
            save(made(f"t{number}", plan=str(number)), self.logs)
        self.imported(self.logs)
        content = bytearray(self.file.read_bytes())
        for place in range(4096, len(content), 4096):
            content[place : place + 64] = b"\xff" * 64
        self.file.write_bytes(content)
        self.refused("is damaged .*: take a copy of it from before")

    def test_text_of_guests_is_data(self) -> None:
        message = "\033]0;owned\007 \033[31m<script>|`@all"
        result = made("one", verdict=result_pb2.FAIL, message=message)
        result.identity.test = "\033[2Jone"
        result.figures[0].cgroup = "\033[1mcg"
        folder = self.logs / "x/test.outputs/one"
        folder.mkdir(parents=True)
        (folder / "result.pb").write_bytes(to_bytes(result))
        self.imported(self.logs)
        other = made("one", message=message)
        other.CopyFrom(result)
        other.figures[0].value, other.identity.plan_digest = 1.0, "p2"
        (folder / "result.pb").write_bytes(to_bytes(other))
        self.imported(self.logs)
        for words in (
            ("compare", "1", "2"),
            ("compare", "1", "2", "--format=markdown"),
            ("compare", "1", "2", "--json"),
            ("trend", "iterations"),
            ("export",),
            ("export", "--json"),
            ("runs",),
            ("show", "--run=1"),
            ("show", "--run=1", "--json"),
        ):
            with self.subTest(words):
                said = self.run_ktstr(*words)
                self.assertNotEqual(said.code, 3, said.err)
                self.assertNotRegex(said.out + said.err, "[\x00-\x08\x0b-\x1f\x7f-\x9f]")
                if "markdown" in words[-1]:
                    self.assertNotIn("<script>", said.out)
                    self.assertNotIn("@all", said.out)


_CHILD = "from ktstr.command.main import main; from ktstr.command.context import Context; import os"
_IMPORT = f"{_CHILD}; import sys; c = Context.of(os.environ); sys.exit(main(sys.argv[1:], c))"
# Ends by the signal of a kill between two batches, in the middle of a transaction.
_KILLED = f"""
{_CHILD}
import signal, sys, ktstr.history.importing as importing
real = importing._Rows.result
count = 0
def result(self, entry):
    global count
    count += 1
    if count == {BATCH + 10}:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, entry)
importing._Rows.result = result
main(sys.argv[1:], Context.of(os.environ))
"""


class TroubleTest(HistoryTest):
    def setUp(self) -> None:
        super().setUp()
        self.many = BATCH + 50
        for number in range(self.many):
            save(made(f"t{number}", plan=str(number)), self.logs)

    def start(
        self, program: str, *arguments: str | Path, within: tuple[str, ...] = ()
    ) -> subprocess.Popen[str]:
        words = [*within, sys.executable, "-c", program, "import", *map(str, arguments)]
        environ = {
            **os.environ,
            "KTSTR_HISTORY": str(self.file),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "BUILD_WORKING_DIRECTORY": str(self.top),
        }
        return subprocess.Popen(words, env=environ, stderr=subprocess.PIPE, text=True)

    def test_a_kill_in_the_middle_loses_a_batch_at_most_and_doubles_nothing(self) -> None:
        killed = self.start(_KILLED, self.logs)
        _, said = killed.communicate()
        self.assertEqual(killed.returncode, -signal.SIGKILL, said)
        self.assertEqual(self.count("result"), BATCH)
        self.assertIn("cut short: import it again", self.run_ktstr("runs").out)
        self.assertIn(
            f"{self.many - BATCH} results added, {BATCH} known", self.imported(self.logs).err
        )
        self.assertEqual([self.count(each) for each in ("run", "result")], [1, self.many])
        with history(self.file) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
        self.assertEqual(verdict, "ok")

    def test_two_imports_at_once(self) -> None:
        both = [self.start(_IMPORT, self.logs, "--commit", name) for name in ("aaaa", "bbbb")]
        for each in both:
            _, said = each.communicate()
            self.assertEqual(each.returncode, 0, said)
        self.assertEqual([self.count(each) for each in ("run", "result")], [2, self.many])
        self.assertEqual(self.count("run_result"), 2 * self.many)

    def test_a_full_disk(self) -> None:
        disk = self.top / "disk"
        within = small_disk(disk, 200_000)
        self.file = disk / "history.sqlite"
        full = self.start(_IMPORT, self.logs, within=within)
        _, said = full.communicate()
        self.assertEqual(full.returncode, 3, said)
        self.assertIn("no space for the history in", said)
        self.assertIn("what was imported before stays", said)

    def test_what_is_there_survives_a_file_that_may_not_grow(self) -> None:
        self.imported(self.logs / "my/some_test/test.outputs/t0")
        limited = _IMPORT.replace(
            "import sys;",
            "import sys, resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 17,) * 2);"
            "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);",
        )
        full = self.start(limited, self.logs)
        _, said = full.communicate()
        self.assertEqual(full.returncode, 3, said)
        self.assertRegex(said, "no space for the history|cannot be used: disk I/O error")
        self.assertEqual(self.count("result"), 1)
        self.imported(self.logs)
        self.assertEqual(self.count("result"), self.many)


if __name__ == "__main__":
    absltest.main()
