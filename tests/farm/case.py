# SPDX-License-Identifier: Apache-2.0
"""What tests of a farm's faults have in common: one farm and one workspace for all of a class."""

from __future__ import annotations

from typing import ClassVar

from absl.testing import absltest

from tests.farm.trial import Farm
from tests.farm.workspace import Workspace
from tests.support.nested import Ended

# A test's script: its result is the word that it is told when it may go on.
RESULT = 'echo "$word" > "$TEST_UNDECLARED_OUTPUTS_DIR/result"\n'
# Of Bazel: remote execution failed.
_REMOTE_ERROR = 34


class FarmCase(absltest.TestCase):
    """Each function has packages of its own, so that no key is another's."""

    options: ClassVar[tuple[str, ...]] = ()
    farm: Farm
    work: Workspace

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.farm = cls.enterClassContext(Farm("--keepalive=5", *cls.options))
        cls.work = cls.enterClassContext(Workspace())

    def tearDown(self) -> None:
        self.work.end_client()
        super().tearDown()

    def assert_done_elsewhere(self, word: str) -> None:
        """Kills the worker of the action that has `word` in its command line, which another does.

        It has begun, and has begun again by the end of this.
        """
        self.work.await_begun()
        first = self.farm.holder(word)
        self.farm.kill(first[0], f"{first[0]}.cache")
        self.work.await_begun()
        self.assertNotEqual(first, self.farm.holder(word))

    def assert_one_result(self, ended: Ended, label: str, *results: str) -> None:
        """Bazel has reported one attempt, which passed, and that has left these files."""
        self.assertEqual(0, ended.code, ended.stderr)
        self.assertEqual(((label, "PASSED"),), ended.built.verdicts, ended.stderr)
        package = label.removeprefix("//").partition(":")[0]
        self.assertEqual(list(results), self.work.results(package))

    def assert_refused(self, ended: Ended, why: str) -> None:
        """There is no verdict, and Bazel says that it is remote execution that failed, and why."""
        self.assertEqual((_REMOTE_ERROR, ()), (ended.code, ended.built.verdicts), ended.stderr)
        self.assertIn(why, ended.stderr)
