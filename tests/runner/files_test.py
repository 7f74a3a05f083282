# SPDX-License-Identifier: Apache-2.0
"""A target's sources, and the layer of one test."""

import os
from pathlib import Path
from unittest import mock

from absl.testing import absltest

from ktstr.machine.prepared.starts import guest_start
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.plan import Plan
from ktstr.model.scenario import CgroupDef, defs
from ktstr.model.start import GuestStart
from ktstr.model.work import Work
from ktstr.model.work_types import PythonWork
from ktstr.runner.case import Source
from ktstr.runner.files import RunfilesTree
from ktstr.runner.planning import plan_of
from ktstr.runner.sources import sources_of
from ktstr.runner.test_layer import write_test_layer
from tests.machine import targets
from tests.runner import samples
from tools.initramfs import newc


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


class TestLayerTest(absltest.TestCase):
    def layer(self, plan: Plan, name: str) -> bytes:
        root = Path(self.create_tempdir().full_path)
        source = root / "one.py"
        source.write_text("print('one')\n")
        path = root / name
        write_test_layer(
            plan, guest_start(True, 1, plan.test), [Source(str(source), "pkg/one.py")], path
        )
        return path.read_bytes()

    def test_a_scenario_takes_its_plan_alone(self) -> None:
        plan = plan_of(samples.case(), targets.target())
        entries = {entry.path: entry for entry in newc.read_layers(self.layer(plan, "a"))}
        self.assertEqual(Plan.from_json(entries["ktstr/plan.json"].data().decode()), plan)
        start = GuestStart.from_json(entries["ktstr/start.json"].data().decode())
        self.assertEqual(start, guest_start(True, 1, plan.test))
        self.assertNotIn("ktstr/src/pkg/one.py", entries)

    def test_a_function_takes_its_sources_along(self) -> None:
        plan = plan_of(samples.case(in_guest=True, scenario=None), targets.target())
        entries = {entry.path: entry for entry in newc.read_layers(self.layer(plan, "a"))}
        self.assertEqual(entries["ktstr/src/pkg/one.py"].data(), b"print('one')\n")

    def test_work_in_python_takes_its_sources_along(self) -> None:
        scenario = defs(CgroupDef(works=(Work(PythonWork("spin")),)))
        plan = plan_of(samples.case(scenario=scenario), targets.target())
        entries = {entry.path for entry in newc.read_layers(self.layer(plan, "a"))}
        self.assertIn("ktstr/src/pkg/one.py", entries)

    def test_the_same_plan_gives_the_same_bytes_anywhere(self) -> None:
        plan = plan_of(samples.case(in_guest=True, scenario=None), targets.target())
        self.assertEqual(self.layer(plan, "a"), self.layer(plan, "b"))


if __name__ == "__main__":
    absltest.main()
