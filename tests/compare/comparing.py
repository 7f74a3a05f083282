# SPDX-License-Identifier: Apache-2.0
"""Two sets of results in a history of their own, and what `ktstr compare` says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from absl.testing import parameterized

from ktstr.result import result_pb2
from tests.support.commanding import Said, ktstr
from tests.support.saved_results import made, save


class CompareTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)

    def run_ktstr(self, *arguments: str | Path) -> Said:
        return ktstr(*arguments, here=self.top, environ={"KTSTR_HISTORY": "history.sqlite"})

    def keep(self, branch: str, *results: result_pb2.Result, commit: str = "") -> None:
        """Imports results as those of a branch, whose only commit has its name, too."""
        logs = self.top / branch / commit
        for number, result in enumerate(results):
            save(result, logs, run=number)
        said = self.run_ktstr("import", logs, f"--commit={commit or branch}", f"--branch={branch}")
        self.assertEqual(said.code, 0, said.err)

    def boots(self, test: str, values: list[float], **others: Any) -> list[result_pb2.Result]:
        """Results in real time, a boot each."""
        return [
            made(test, accel="tcg", run=number, figures={"iterations": value}, **others)
            for number, value in enumerate(values, 1)
        ]

    def compared(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        said = self.run_ktstr("compare", "base", "new", "--json", *arguments)
        self.assertEqual(said.code, code, said.err)
        found: dict[str, Any] = json.loads(said.out)
        return found

    def outcomes(self, *arguments: str, code: int = 0) -> Mapping[str, str]:
        found = self.compared(*arguments, code=code)["findings"]
        return {f"{each['pair']['test']} {each['figure']}": each["outcome"] for each in found}
