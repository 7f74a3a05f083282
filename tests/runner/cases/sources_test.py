# SPDX-License-Identifier: Apache-2.0
"""A target's sources."""

import os
from pathlib import Path
from unittest import mock

from absl.testing import absltest

from ktstr.model.errors import InfraError, UsageError
from ktstr.runner.cases.sources import sources_of
from ktstr.runner.files import RunfilesTree
from tests.support import targets


class SourcesTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path)
        self.enter_context(mock.patch.dict(os.environ, {"RUNFILES_DIR": str(self.root)}))
        self.enter_context(mock.patch.dict(os.environ, {"RUNFILES_MANIFEST_FILE": ""}))

    def make(self, *names: str) -> None:
        for name in names:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"# {name}\n")

    def test_names_in_the_guest_are_those_that_imports_use(self) -> None:
        self.make("_main/pkg/one.py", "_main/lib/python/shared/work.py", "dep~/far/away.py")
        target = targets.target(
            libraries=("_main/lib/python/shared/work.py", "dep~/far/away.py"),
            import_roots=("_main", "_main/lib/python", "dep~"),
        )
        found = sources_of(target, RunfilesTree())
        self.assertEqual([each.name for each in found.tests], ["pkg/one.py"])
        self.assertEqual(
            [each.name for each in found.all], ["pkg/one.py", "shared/work.py", "far/away.py"]
        )
        self.assertEqual(found.roots[1], str(self.root / "_main/lib/python"))

    def test_refuses_two_files_of_one_name(self) -> None:
        self.make("_main/pkg/one.py", "dep~/pkg/one.py")
        target = targets.target(libraries=("dep~/pkg/one.py",), import_roots=("_main", "dep~"))
        with self.assertRaisesRegex(UsageError, r"both imported as pkg/one\.py; rename one"):
            sources_of(target, RunfilesTree())

    def test_a_missing_runfile(self) -> None:
        with self.assertRaisesRegex(InfraError, r"runfile _main/pkg/one\.py is not there"):
            sources_of(targets.target(), RunfilesTree())


if __name__ == "__main__":
    absltest.main()
