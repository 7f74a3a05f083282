# SPDX-License-Identifier: Apache-2.0
"""Conditions and sets mean what they say, over a history with two of everything."""

from __future__ import annotations

from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.history.database import history
from ktstr.history.queries import rows, variants
from ktstr.history.selection import selected
from ktstr.history.where import parse_conditions
from ktstr.model.errors import UsageError
from ktstr.result import result_pb2
from tests.support.commanding import ktstr
from tests.support.saved_results import made, save

_RESULTS = {
    "one": made("one"),
    "two": made("two", accel="tcg", scheduler="", started="2026-05-01T00:00:00+00:00"),
    "three": made("three", kernel="//sched/kernels:linux_7_2", verdict=result_pb2.FAIL, seed=7),
}


class WhereTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = top = Path(self.create_tempdir().full_path)
        self.file = top / "history.sqlite"
        for number, (name, result) in enumerate(_RESULTS.items()):
            place = save(result, top / "logs") / "test.outputs" / name
            said = ktstr(
                "import",
                place,
                f"--history={self.file}",
                f"--commit=abc{number}0000",
                f"--branch=branch/{'[x]' if number else 'y'}",
                f"--dirty={'yes' if number else 'no'}",
                f"--tag=n={number}",
                here=top,
            )
            self.assertEqual(said.code, 0, said.err)

    @parameterized.parameters(
        ("accel=tcg", "two"),
        ("accel!=tcg", "one three"),
        ("scheduler=eevdf", "two"),
        ("scheduler=mine", "one three"),
        ("scheduler=//my:mine", "one three"),
        ("kernel=linux_7_2", "three"),
        ("kernel=linux_*", "one three two"),
        ("verdict=fail", "three"),
        ("cause=starved", "three"),
        ("seed=7", "three"),
        ("test=t*,accel=virtual", "three"),
        ("started>=2026-02", "two"),
        ("started<=2026-02", "one three"),
        ("commit=abc1", "two"),
        ("dirty=no", "one"),
        ("run>=2", "three two"),
        ("tag.n=1", "two"),
        ("tag.n!=1", "one three"),
        ("hostname=builder", "one three two"),
        ("governor=perf*", "one three two"),
        ("label=some_test", "one three two"),
        ("test=' OR 1=1 --", ""),
        ("dirty!=YES", "one"),
        ("verdict=f*", "three"),
        ("cause=", "one two"),
        ("started>=2026", "one three two"),
        ("started=2026-01-02T03:04:05+00:00", "one three"),
        ("started=2026-05-*", "two"),
        ("imported>=2026-01-31T12:00:00.5Z", "one three two"),
        ("load<=0.5", "one three two"),
        ("load>=10", ""),
        ("load>=0.51", ""),
        ("load=0.5", "one three two"),
        ("load!=0.5", ""),
    )
    def test_conditions(self, text: str, expected: str) -> None:
        with history(self.file) as connection:
            found = list(rows(connection, parse_conditions([text])))
            names = variants(connection)
        self.assertEqual(" ".join(sorted(names[row.variant].test for row in found)), expected)

    @parameterized.parameters(
        ("last", 1),
        ("last~2", 1),
        ("1", 1),
        ("abc1", 1),
        ("branch/y", 1),
        ("branch/[x]", 1),
        ("branch=branch/[[]x]", 2),
    )
    def test_sets(self, text: str, count: int) -> None:
        with history(self.file) as connection:
            self.assertLen(list(rows(connection, selected(connection, text))), count)

    @parameterized.parameters(
        ("acel=tcg", "did you mean 'accel'"),
        ("accel", "'accel' is no condition"),
        ("accel>=tcg", ">= is of"),
        ("run=last", "is no number of a run"),
        ("load<=busy", "'busy' is no load; 1.5 is"),
        ("load=", "is no load"),
        ("load=1*", "is no load"),
        ("run=\uff11", "is no number of a run"),
        ("dirty=maybe", "of dirty there are only yes, no, true, false"),
        ("dirty=", "of dirty there are only"),
        ("dirty=y*", "of dirty there are only"),
        ("verdict=PASSED", r"of verdict there are only .*did you mean 'pass'"),
        ("cause=starve", r"of cause there are only .*did you mean 'starved'"),
        ("started>=yesterday", "'yesterday' is no time; 2026-01-31"),
        ("started>=2026-02-30", "is no time"),
        ("started<=2026-01-31T12:00+02:00", "is no time"),
        ("imported>=", "is no time"),
        ("tag.=x", "there is no dimension 'tag.'"),
    )
    def test_what_is_no_condition(self, text: str, words: str) -> None:
        with self.assertRaisesRegex(UsageError, words):
            parse_conditions([text])

    @parameterized.parameters("2026-02-30", "9999-99-99", "2026-12-01T25:00", "yesterday", "")
    def test_a_time_that_no_calendar_has_removes_nothing(self, before: str) -> None:
        said = ktstr("clean", f"--runs_before={before}", f"--history={self.file}", here=self.top)
        self.assertEqual(said.code, 3)
        self.assertIn(f"{before!r} is no time", said.err)

    @parameterized.parameters(
        ("nothing", "is no run, commit or branch of this history"),
        ("last~9", "the history has 3 runs"),
        ("abc", "is no run, commit or branch"),
        ("9" * 5000, "is no run, commit or branch"),
        ("\uff11", "is no run, commit or branch"),
        ("", "is no run, commit or branch"),
    )
    def test_what_is_no_set(self, text: str, words: str) -> None:
        with history(self.file) as connection, self.assertRaisesRegex(UsageError, words):
            selected(connection, text)

    def test_a_branch_is_its_last_whole_run_that_is_not_compared_with(self) -> None:
        with history(self.file) as connection:
            connection.execute("UPDATE run SET branch = 'main'")
            expected = {(): "3", (3,): "1", (1, 3): ""}
            connection.execute("UPDATE run SET state = 'cut short' WHERE id = 2")
            connection.execute("UPDATE run SET started = '2027' WHERE id = 3")
            for without, number in expected.items():
                if number:
                    (found,) = selected(connection, "main", without)
                    self.assertEqual((found.dimension, found.value), ("run", number))
                else:
                    with self.assertRaisesRegex(UsageError, "'main' has no whole run but those"):
                        selected(connection, "main", without)

    def test_a_name_of_several_things(self) -> None:
        with history(self.file) as connection:
            connection.execute("UPDATE run SET \"commit\" = 'abcd' || id")
            with self.assertRaisesRegex(UsageError, "'abcd' may be any of abcd1, abcd2, abcd3"):
                selected(connection, "abcd")


if __name__ == "__main__":
    absltest.main()
