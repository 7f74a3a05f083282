# SPDX-License-Identifier: Apache-2.0
"""Two builds of a scheduler, of which one line differs: the decision at which that first shows."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from pathlib import Path

from absl.testing import absltest

from ktstr.command.context import Context
from ktstr.command.main import main
from ktstr.introspect.trace.difference import first_difference
from ktstr.introspect.trace.events import Decisions
from ktstr.introspect.trace.lines import lines
from ktstr.introspect.trace.part import TracePart
from ktstr.introspect.trace.standing import standing
from tests.support.prepared import prepared


class DifferenceGuestTest(absltest.TestCase):
    first: tuple[Decisions, Decisions]
    last: Decisions

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        first, again = cls.traces("first_first", 2)
        cls.first = first, again
        (cls.last,) = cls.traces("last_first", 1)

    @classmethod
    def traces(cls, target: str, guests: int) -> list[Decisions]:
        """Of so many guests of one target."""
        found = []
        config = f"_main/tests/introspect/trace/{target}.config.json"
        with prepared(config, lambda cases: guests) as ready:
            for _ in range(guests):
                session = replace(ready.session, looks=(TracePart(),))
                (outcome,) = session.run(ready.cases, lambda _: None)
                assert outcome.run.decisions is not None
                found.append(outcome.run.decisions)
        return found

    def test_two_runs_of_one_build_decide_the_same(self) -> None:
        self.assertGreater(len(self.first[0].events), 1000)
        self.assertIsNone(first_difference(*self.first))

    def test_two_builds_part_where_one_decides_otherwise(self) -> None:
        found = first_difference(self.first[0], self.last)
        assert found is not None and found.a.event is not None and found.b.event is not None
        self.assertGreater(found.alike, 0)
        # which decision that is hangs on when which guest came where
        for trace, side in ((self.first[0], found.a), (self.last, found.b)):
            self.assertNotEmpty(standing(trace, side.index).running)

    def test_the_command_says_both_sides(self) -> None:
        folder = Path(self.create_tempdir().full_path)
        for name, trace in (("a", self.first[0]), ("b", self.last)):
            (folder / name).mkdir()
            (folder / name / "trace.jsonl").write_text("".join(lines(trace)), encoding="utf-8")
        out, err = io.StringIO(), io.StringIO()
        context = Context(folder, {}, out, err)
        with contextlib.redirect_stderr(err):
            self.assertEqual(main(["difference", "a", "b"], context), 1, err.getvalue())
            self.assertEqual(main(["difference", "a", "a/trace.jsonl"], context), 0)
            self.assertEqual(main(["difference", "a", "nowhere"], context), 3)
            self.assertEqual(main(["difference", ".", "b"], context), 3)
        self.assertRegex(out.getvalue(), r"\nA: [\d.]+ s CPU \d [\w-]+\S*\[\d+\] ")
        self.assertRegex(out.getvalue(), r"\nB: [\d.]+ s CPU \d [\w-]+\S*\[\d+\] ")
        self.assertEndsWith(out.getvalue(), "no decision differs\n")
        self.assertIn("cannot read the trace", err.getvalue())
        self.assertIn("has 2 files trace.jsonl, and one is read", err.getvalue())
        print(out.getvalue())


if __name__ == "__main__":
    absltest.main()
