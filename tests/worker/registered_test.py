# SPDX-License-Identifier: Apache-2.0
"""A work type is a class, a C file and a line of docs/workloads.md: each has the others."""

from __future__ import annotations

import dataclasses
import re
import subprocess
from pathlib import Path

from absl.testing import absltest, parameterized
from runfiles import Runfiles

import ktstr
from ktstr.model.work.kind import KINDS
from ktstr.model.work.types import CustomWork, PythonWork
from ktstr.model.work.work import TYPE_NAMES, Work, check_work
from tests.worker.program import WORKER, program

# types of the author's own: their C, if any, is elsewhere
_DOORS = {"CustomWork": CustomWork("mine"), "PythonWork": PythonWork("work")}
_IN_C = sorted(KINDS.keys() - _DOORS)
_NAME = re.compile(r"`(\w+)(?:\(([\w, ]+)\)|\(\(.*?\)\))?`")


def _registered() -> dict[str, tuple[int, list[str]]]:
    """What the program says of its types: the size of a group, and the parameters."""
    said = subprocess.run([program(WORKER), "types"], capture_output=True, text=True, check=True)
    found = {}
    for line in said.stdout.splitlines():
        name, size, params, texts = line.split(":")
        found[name] = int(size), re.findall(r"\w+", f"{params} {texts}")
    return found


def _documented() -> dict[str, list[str]]:
    """The types in the tables of the page, and the parameters that it names."""
    runfiles = Runfiles.Create()
    assert runfiles is not None
    page = Path(str(runfiles.Rlocation("_main/docs/workloads.md"))).read_text(encoding="utf-8")
    tables = page.partition("\n## Types\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in tables.splitlines() if line.startswith("| `")]
    return {name: re.findall(r"\w+", params) for row in rows for name, params in _NAME.findall(row)}


class RegisteredTest(parameterized.TestCase):
    def test_every_class_has_a_file_and_every_file_a_class(self) -> None:
        self.assertEqual(sorted(_registered()), _IN_C)

    def test_every_class_is_on_the_page_and_nothing_else(self) -> None:
        self.assertEqual(sorted(_documented()), _IN_C)

    def test_every_class_is_among_the_public_names(self) -> None:
        self.assertContainsSubset(KINDS, TYPE_NAMES)
        for name in TYPE_NAMES:
            self.assertIs(getattr(ktstr, name), KINDS.get(name, getattr(ktstr, name)))

    @parameterized.parameters(*_IN_C)
    def test_all_mean_the_same_by_it(self, name: str) -> None:
        kind = KINDS[name]()
        check_work(Work(kind))
        size, params = _registered()[name]
        own = [word.removeprefix("param.") for word in kind.own_words(0) if "param." in word]
        self.assertEqual(params, [*kind.as_params(), *own])
        self.assertIn(size, (0, kind.group_size))
        fields = [field.name for field in dataclasses.fields(kind)]
        self.assertIn(_documented()[name], (fields, [] if name == "Sequence" else fields))

    @parameterized.parameters(*_DOORS)
    def test_the_doors_have_no_file(self, name: str) -> None:
        self.assertNotIn(name, _registered())
        check_work(Work(_DOORS[name]))


if __name__ == "__main__":
    absltest.main()
