# SPDX-License-Identifier: Apache-2.0
"""What is looked at because a test, a claim or a command asks for it."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import cast

from absl.testing import absltest

from ktstr import Snapshot, scenario, series, stat
from ktstr.api import declaration_of
from ktstr.execute.parts import asked_parts, snapshot_parts
from ktstr.introspect.occasions.taken import Taken
from ktstr.introspect.trace.events import Decisions, Event
from ktstr.model.errors import UsageError
from ktstr.model.verdict.checks import Checks
from ktstr.runner.cases.case import Case
from ktstr.runner.looks import asked_of, looks_of
from ktstr.runner.traces import write_trace

_CASE = Case("some", "some.py", 1, True, 1.0, 2, Checks(), None, 60.0, (), None)


class LooksTest(absltest.TestCase):
    def test_a_command_asks_for_some_in_all_tests(self) -> None:
        self.assertEqual(asked_of({}), frozenset())
        asked = asked_of({"KTSTR_LOOK": "decisions, op_costs,"})
        self.assertEqual(looks_of(_CASE, asked), {"decisions", "op_costs"})
        with self.assertRaisesRegex(UsageError, "no look 'decision' .did you mean 'decisions'"):
            asked_of({"KTSTR_LOOK": "decision"})

    def test_a_test_asks_for_its_own(self) -> None:
        self.assertEqual(looks_of(_CASE, frozenset()), frozenset())
        self.assertEqual(looks_of(replace(_CASE, decisions=True), frozenset()), {"decisions"})
        self.assertEqual(looks_of(replace(_CASE, op_costs=True), frozenset()), {"op_costs"})

    def test_a_claim_about_a_callback_asks_for_its_cost(self) -> None:
        claim = stat("op.enqueue.instructions_p99").at_most(9)
        self.assertEqual(looks_of(replace(_CASE, claims=(claim,)), frozenset()), {"op_costs"})
        other = stat("total.iterations").at_least(1)
        self.assertEqual(looks_of(replace(_CASE, claims=(other,)), frozenset()), frozenset())

    def test_decorators_say_so(self) -> None:
        function = scenario(decisions=True, op_costs=True)(lambda machine: machine)
        declared = declaration_of(function)
        assert declared is not None
        self.assertTrue(declared.decisions and declared.op_costs)

    def test_declared_snapshots_have_a_part(self) -> None:
        load = Snapshot("load", every=0.1)
        function = scenario(snapshots=(load,), claims=(series("nr_running").steady(1),))
        declared = declaration_of(function(lambda machine: machine))
        assert declared is not None
        self.assertEqual(declared.snapshots, (load,))
        (part,) = snapshot_parts(declared.snapshots)
        self.assertEqual(part.without("no plugin"), Taken(problem="no plugin"))
        self.assertEqual(snapshot_parts(()), ())
        # a series is nothing that calls cost
        self.assertEqual(looks_of(replace(_CASE, claims=declared.claims), frozenset()), frozenset())

    def test_what_is_no_snapshot_is_refused(self) -> None:
        wrong = cast("tuple[Snapshot, ...]", ("load",))
        with self.assertRaisesRegex(UsageError, "snapshots: 'load' is no snapshot; expected e.g."):
            scenario(snapshots=wrong)(lambda machine: machine)

    def test_each_look_has_a_part_of_its_name(self) -> None:
        names = [part.name for part in asked_parts({"decisions", "op_costs"})]
        self.assertEqual(names, ["decisions", "op_costs"])
        self.assertEqual(asked_parts(()), ())
        for part in asked_parts(names):
            self.assertEqual(part.without("no plugin").problem, "no plugin")  # type: ignore[attr-defined]

    def test_a_trace_has_two_files_and_an_empty_one_none(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_trace(None, folder)
            write_trace(Decisions(0, problem="no plugin"), folder)
            self.assertEmpty(list(folder.iterdir()))
            write_trace(Decisions(1, (Event(1, 0, "tick", ("pid",), (7,)),)), folder)
            names = sorted(path.name for path in folder.iterdir())
            self.assertEqual(names, ["trace.jsonl", "trace.perfetto-trace"])
            self.assertIn(
                '{"ns":1,"cpu":0,"event":"tick","pid":7}', Path(folder, names[0]).read_text()
            )


if __name__ == "__main__":
    absltest.main()
