# SPDX-License-Identifier: Apache-2.0
"""The layer of one test."""

from pathlib import Path

from absl.testing import absltest

from ktstr.execute.layer import write_test_layer
from ktstr.execute.source import Source
from ktstr.initramfs import newc
from ktstr.machine.prepared.starts import guest_start
from ktstr.model.plan import Plan
from ktstr.model.scenario.scenario import CgroupDef, defs
from ktstr.model.start import GuestStart
from ktstr.model.work.types import PythonWork
from ktstr.model.work.work import Work
from tests.support import plans


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
        plan = plans.plan()
        entries = {entry.path: entry for entry in newc.read_layers(self.layer(plan, "a"))}
        self.assertEqual(Plan.from_json(entries["ktstr/plan.json"].data().decode()), plan)
        start = GuestStart.from_json(entries["ktstr/start.json"].data().decode())
        self.assertEqual(start, guest_start(True, 1, plan.test))
        self.assertNotIn("ktstr/src/pkg/one.py", entries)

    def test_a_function_takes_its_sources_along(self) -> None:
        plan = plans.function_plan()
        entries = {entry.path: entry for entry in newc.read_layers(self.layer(plan, "a"))}
        self.assertEqual(entries["ktstr/src/pkg/one.py"].data(), b"print('one')\n")

    def test_work_in_python_takes_its_sources_along(self) -> None:
        scenario = defs(CgroupDef(works=(Work(PythonWork("spin")),)))
        plan = plans.plan(scenario=scenario)
        entries = {entry.path for entry in newc.read_layers(self.layer(plan, "a"))}
        self.assertIn("ktstr/src/pkg/one.py", entries)

    def test_files_lie_where_they_are_to_lie(self) -> None:
        path = Path(self.create_tempdir().full_path) / "a"
        start = guest_start(True, 1, "one")
        write_test_layer(plans.plan(), start, (), path, {"/ktstr/recording": b"KTRC"})
        entries = {entry.path: entry for entry in newc.read_layers(path.read_bytes())}
        self.assertEqual(entries["ktstr/recording"].data(), b"KTRC")

    def test_the_same_plan_gives_the_same_bytes_anywhere(self) -> None:
        plan = plans.function_plan()
        self.assertEqual(self.layer(plan, "a"), self.layer(plan, "b"))


if __name__ == "__main__":
    absltest.main()
