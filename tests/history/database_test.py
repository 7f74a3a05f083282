# SPDX-License-Identifier: Apache-2.0
"""A history becomes today's in one go or not at all, and is where the user says."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.history import database
from ktstr.history.database import default_history, history, writing
from ktstr.history.figures import packed, summed, unpacked
from ktstr.history.schema import MIGRATIONS
from ktstr.history.whole import compressed, result_in
from ktstr.model.errors import InfraError, UsageError
from tests.support.commanding import CommandTest
from tests.support.saved_results import made


class DatabaseTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.file = Path(self.create_tempdir().full_path, "history.sqlite")

    def version(self) -> int:
        with sqlite3.connect(self.file) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])

    def test_where_it_is(self) -> None:
        for environ, expected in (
            ({"KTSTR_HISTORY": "/x/h.db", "HOME": "/h"}, "/x/h.db"),
            ({"XDG_DATA_HOME": "/d", "HOME": "/h"}, "/d/ktstr/history.sqlite"),
            ({"HOME": "/h"}, "/h/.local/share/ktstr/history.sqlite"),
        ):
            self.assertEqual(default_history(environ), Path(expected))

    def test_an_older_one_becomes_todays(self) -> None:
        with history(self.file, create=True) as connection:
            connection.execute(
                "INSERT INTO shape(names) VALUES('[]')",
            )
        more = (*MIGRATIONS, "CREATE TABLE more(id);\nINSERT INTO more VALUES(1)")
        with mock.patch.object(database, "MIGRATIONS", more), history(self.file) as connection:
            self.assertEqual(connection.execute("SELECT count(*) FROM more").fetchone(), (1,))
            self.assertEqual(connection.execute("SELECT names FROM shape").fetchone(), ("[]",))
        self.assertEqual(self.version(), len(MIGRATIONS) + 1)

    def test_figures_from_before_checksums_are_as_they_were(self) -> None:
        before = mock.patch.object(database, "MIGRATIONS", MIGRATIONS[:1])
        with before, history(self.file, create=True) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            columns = "digest, variant_id, inputs, seed, release, vmlinux, layer,"
            columns += " schema_version, verdict, cause, message, shape_id, figures"
            values = (b"", 1, b"", "", "", "", "", 1, "", "", "", 1, bytes(range(16)))
            marks = ", ".join("?" * len(values))
            connection.execute(f"INSERT INTO facts({columns}) VALUES({marks})", values)
        for _ in range(2):
            with history(self.file) as connection:
                (content,) = connection.execute("SELECT figures FROM facts").fetchone()
            self.assertEqual(unpacked(content, 2).tobytes(), bytes(range(16)))

    def test_a_step_that_fails_leaves_all_as_it_was(self) -> None:
        with history(self.file, create=True):
            pass
        more = (*MIGRATIONS, "CREATE TABLE more(id);\nINSERT INTO nowhere VALUES(1)")
        refused = self.assertRaisesRegex(InfraError, "cannot be used: no such table: nowhere")
        with mock.patch.object(database, "MIGRATIONS", more), refused, history(self.file):
            self.fail("it was opened")
        self.assertEqual(self.version(), len(MIGRATIONS))
        with history(self.file) as connection:
            found = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'more'")
            self.assertEqual(found.fetchone(), (0,))

    def test_all_of_a_transaction_or_nothing(self) -> None:
        with history(self.file, create=True) as connection:
            with self.assertRaises(KeyError), writing(connection):
                connection.execute("INSERT INTO shape(names) VALUES('a')")
                raise KeyError
            self.assertEqual(connection.execute("SELECT count(*) FROM shape").fetchone(), (0,))

    def test_one_that_others_hold(self) -> None:
        with history(self.file, create=True) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            refused = self.assertRaisesRegex(InfraError, "was held by others")
            with mock.patch.object(database, "_WAIT_S", 0.01), refused, history(self.file):
                self.fail("it was opened")

    def test_none_is_made_to_be_read(self) -> None:
        with self.assertRaisesRegex(UsageError, "there is no history in"), history(self.file):
            self.fail("it was opened")
        self.assertFalse(self.file.exists())

    def test_a_folder_is_none(self) -> None:
        for create in (False, True):
            refused = self.assertRaisesRegex(UsageError, "is a folder, and a history is one file")
            with refused, history(self.file.parent, create=create):
                self.fail("it was opened")

    def test_no_folder_can_be_made(self) -> None:
        self.file.touch()
        refused = self.assertRaisesRegex(InfraError, "cannot make .*: (Not a dir|File exists)")
        with refused, history(self.file / "below/h.sqlite", create=True):
            self.fail("it was opened")

    def test_numbers_come_back_to_the_bit(self) -> None:
        content = summed(bytes(range(64)))
        self.assertEqual(packed(unpacked(content, 8)), content)

    def test_a_whole_result_comes_back_as_it_was_or_not_at_all(self) -> None:
        result = made("one")
        frame = compressed(result.SerializeToString())
        self.assertEqual(result_in(frame), result)
        for at in range(len(frame)):
            damaged = frame[:at] + bytes([frame[at] ^ 1]) + frame[at + 1 :]
            with contextlib.suppress(UsageError):
                self.assertEqual(result_in(damaged), result)


class DamagedTest(CommandTest):
    """Damage within a page of the file, which SQLite does not see."""

    @parameterized.parameters(
        ("UPDATE shape SET names = '[[\"iter'",),
        ("UPDATE shape SET names = '[[1, 2]]'",),
        ("DELETE FROM shape",),
        ("UPDATE facts SET figures = substr(figures, 2)", "trend", "export"),
        ("UPDATE facts SET figures = x''", "trend", "export"),
        ("UPDATE facts SET figures = CAST(x'01' || substr(figures, 2) AS BLOB)", "trend", "export"),
        ("UPDATE facts SET message = CAST(x'ff' AS TEXT), cause = CAST(x'ff' AS TEXT)",),
        ("UPDATE facts SET figures = 5", "trend", "export"),
        ("UPDATE facts SET verdict = CAST(verdict AS BLOB)", "trend", "export", "runs"),
        ("UPDATE variant SET topology = CAST(topology AS BLOB)", "trend", "export"),
        ("UPDATE run SET ci_url = x'00'", "runs"),
        ("UPDATE whole SET content = 1.5", "show"),
        ("UPDATE whole SET content = x'28b52ffd'", "show"),
        ("UPDATE whole SET content = x'28b52ffd2002110000ffff'", "show"),
        ("UPDATE sqlite_schema SET sql = replace(sql, 'KEY', CAST(x'ff' AS TEXT))", "runs"),
    )
    def test_it_is_called_so(self, statement: str, *commands: str) -> None:
        self.keep(made("one"))
        file = self.top / "history.sqlite"
        with contextlib.closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA writable_schema = 1")
            connection.execute(statement)
            connection.commit()
        words = {"trend": ["*"], "show": ["--run=last"], "compare": ["run=1", "test=one"]}
        for command in commands or ("trend", "export", "compare"):
            said = self.run_ktstr(command, *words.get(command, ()))
            self.assertEqual(said.code, 3)
            self.assertRegex(said.err, "is damaged")
            self.assertNotIn("an error of ktstr itself", said.err)


if __name__ == "__main__":
    absltest.main()
