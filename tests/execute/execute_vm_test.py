# SPDX-License-Identifier: Apache-2.0
"""Plans that are executed without Bazel's environment, and who is told of their guests."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from absl.testing import absltest

from ktstr.execute.budget import Budget
from ktstr.execute.execute import run
from ktstr.execute.watch import Watch
from ktstr.host.accel import Accel
from ktstr.host.ending import EndingKind
from ktstr.machine.load import load_target
from ktstr.machine.located import machine_files
from ktstr.machine.prepared.accel import AccelChoice
from ktstr.machine.prepared.machine import prepare
from ktstr.model.scenario.scenario import CgroupDef, Fixed, Scenario, Step
from ktstr.vm.deadlines import Deadline
from ktstr.vm.signals import Termination
from ktstr.vm.vm import Vm
from tests.support.plans import plan

_FILES = Path(os.environ["TEST_SRCDIR"])
_CONFIG = _FILES / "_main/tests/start/wider.config.json"
_LONG = Scenario((Step((CgroupDef("a"),), hold=Fixed(600.0)),))


class _Looks:
    """Looks at a machine, as a listener and before its end."""

    def __init__(self) -> None:
        self.ticks: list[float] = []
        self.answers: list[Any] = []
        self.deadlines: list[Deadline | None] = []

    def begin(self, vm: Vm) -> bool:
        """Asks for ticks of any machine."""
        self.answers.append(vm.ask("query-status")["running"])
        return True

    def tick(self, at_s: float) -> None:
        """Notes when it was called."""
        self.ticks.append(at_s)

    def before_end(self, vm: Vm, deadline: Deadline | None) -> None:
        """Asks the machine, which has not ended where it runs into a deadline."""
        self.deadlines.append(deadline)
        if deadline is not None:
            self.answers.append(vm.ask("query-status")["running"])


class ExecuteTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.place = Path(self.create_tempdir().full_path)

    def test_a_short_program_runs_a_plan_without_bazels_environment(self) -> None:
        script = _FILES / "_main/tests/execute/one_plan.py"
        done = subprocess.run(
            [sys.executable, script, _CONFIG, _FILES, self.place],
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertStartsWith(done.stdout, "pass StartFacts(kind=<StartKind.CLONED")
        left = {each.name for each in (self.place / "one_plan").iterdir()}
        self.assertContainsSubset({"frames.bin", "console.log", "qemu.cmd"}, left)

    def test_a_machine_can_be_looked_at_while_it_runs_and_before_it_is_ended(self) -> None:
        target = load_target(_CONFIG)
        files = machine_files(target, lambda name: (_FILES / name).resolve(strict=True))
        choice, looks = AccelChoice(Accel.TCG, "asked for"), _Looks()
        with (
            Termination() as signals,
            prepare(target, files, choice, self.place, signals) as machine,
        ):
            outcome = run(
                plan(scenario=_LONG),
                machine,
                self.place / "long",
                signals,
                budget=Budget(time.monotonic() + 10.0),
                watch=Watch(listeners=(looks,), before_end=looks.before_end),
            )
        self.assertIs(outcome.run.ending.kind, EndingKind.DEADLINE)
        self.assertEqual(looks.answers, [True, True])
        self.assertLen(looks.deadlines, 1)
        found = outcome.run.post_mortem
        assert found is not None
        # how far it came in that time is not known, but that there is a kernel
        self.assertContainsSubset({"init", "kthreadd"}, {each.comm for each in found.stacks})
        self.assertStartsWith(found.waits[0], "Tasks that want a CPU and have none: ")
        self.assertStartsWith(found.log[0].text, "Linux version ")
        self.assertGreater(len(looks.ticks), 5)
        self.assertEqual(looks.ticks, sorted(looks.ticks))
        self.assertNotEmpty(outcome.run.host_samples)


if __name__ == "__main__":
    absltest.main()
