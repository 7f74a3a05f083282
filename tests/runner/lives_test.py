# SPDX-License-Identifier: Apache-2.0
"""Guest and host agree on how far a scheduler's life came and how a function ended.

That the host takes each is seen to by mypy, where a `match` ends in assert_never; here it is that
the guest says each, by its name, and that the loader means the same by a number.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from absl.testing import absltest, parameterized

import ktstr.guest
from ktstr.judge.run.function import outcome
from ktstr.judge.scheduler import scheduler
from ktstr.model.exit_kind import ExitKind
from ktstr.model.function_end import FunctionEnd
from ktstr.model.scheduler_phase import SchedulerPhase
from ktstr.model.verdict.kinds import Kind
from tests.support import runs

_NEVER = (Kind.SCHEDULER_NOT_LOADED, Kind.SCHEDULER_NOT_ATTACHED)
_REPORT = Path("sched/loader/exit_report.c")
_UNREG = re.compile(r"^#define SCX_EXIT_(\w+) (\d+)$", re.MULTILINE)
# what a phase is put into, and an end, in the guest
_FIELDS = {"phase", "_phase", "outcome"}


def _guest() -> Iterator[ast.AST]:
    for path in sorted(Path(ktstr.guest.__path__[0]).rglob("*.py")):
        yield from ast.walk(ast.parse(path.read_text()))


def _put() -> Iterator[ast.expr]:
    """What the guest puts into a phase or an end: assigned to it, or given as an argument."""
    for node in _guest():
        match node:
            case ast.Assign(targets=[target], value=value):
                pairs = [(target, value)]
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                    pairs = list(zip(target.elts, value.elts, strict=True))
                for name, given in pairs:
                    if getattr(name, "attr", getattr(name, "id", "")) in _FIELDS:
                        yield given
            case ast.keyword(arg="phase" | "outcome", value=value):
                yield value


class LivesTest(parameterized.TestCase):
    @parameterized.parameters((SchedulerPhase,), (FunctionEnd,))
    def test_the_guest_says_every_one(self, names: type[StrEnum]) -> None:
        said = set()
        for node in _guest():
            match node:
                case ast.Attribute(value=ast.Name(id=name)) if name == names.__name__:
                    said.add(node.attr)
        self.assertEqual(said, set(names.__members__))

    def test_the_guest_says_none_by_a_bare_word(self) -> None:
        put = list(_put())
        self.assertNotEmpty(put)
        for value in put:
            words = [each for each in ast.walk(value) if isinstance(each, ast.Constant)]
            words = [each for each in words if isinstance(each.value, str)]
            bare = [each.value for each in words if each.value not in _FIELDS]
            self.assertEmpty(bare, ast.unparse(value))

    @parameterized.parameters(*SchedulerPhase)
    def test_the_host_takes_every_phase(self, phase: SchedulerPhase) -> None:
        life = runs.scheduler(phase=phase, attached_ns=None if phase.is_unattached else 1)
        found = scheduler(runs.good_run(schedulers=(life,)))
        never = [each for each in found if each.kind in _NEVER]
        self.assertEqual(bool(never), phase.is_unattached)

    @parameterized.parameters(*FunctionEnd)
    def test_the_host_takes_every_end(self, end: FunctionEnd) -> None:
        found = outcome("halves", runs.outcome(outcome=end))
        self.assertEqual(bool(found), end is not FunctionEnd.RETURNED)

    def test_the_loader_and_the_harness_number_exit_kinds_alike(self) -> None:
        defined = _UNREG.findall(_REPORT.read_text(encoding="utf-8"))
        self.assertNotEmpty(defined)
        for name, number in defined:
            self.assertEqual(ExitKind[name].number, int(number))

    @parameterized.parameters(*ExitKind)
    def test_a_kind_is_known_by_all_its_names(self, kind: ExitKind) -> None:
        for text in (kind.value, f"SCX_EXIT_{kind.value}", f"{kind.number}"):
            self.assertIs(ExitKind.of(text), kind)

    def test_a_later_kernels_kind_is_unknown_and_no_word_is_no_end(self) -> None:
        self.assertIsNone(ExitKind.of("ERROR_OF_TOMORROW"))
        self.assertIs(ExitKind.of(""), ExitKind.NONE)


if __name__ == "__main__":
    absltest.main()
