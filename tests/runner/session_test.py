# SPDX-License-Identifier: Apache-2.0
"""Tests that are not started, for want of time or for what they or their machine are."""

import time
from pathlib import Path
from typing import cast

from absl.testing import absltest

from ktstr.execute.budget import Budget
from ktstr.execute.outcome import Outcome
from ktstr.host.accel import Accel
from ktstr.machine.prepared.machine import PreparedMachine
from ktstr.machine.prepared.templates import Templates
from ktstr.machine.target_disks import TargetDisks
from ktstr.model.machine.topology import Topology
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.runner.cases.case import Case
from ktstr.runner.cases.sources import Sources
from ktstr.runner.exit_status import ExitStatus, exit_status
from ktstr.runner.session import Session
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.qemu import QemuTree
from ktstr.vm.signals import Termination
from tests.runner import samples
from tests.support import targets


class SessionTest(absltest.TestCase):
    """No guest is started here: each case ends before it would be."""

    def run_cases(self, cases: tuple[Case, ...], left_s: float) -> list[Outcome]:
        spec = MachineSpec(
            QemuTree(Path("/nowhere")), Path("/nowhere"), (), (), Topology(1, 1, 1, 1), 256,
            Accel.VIRTUAL,
        )  # fmt: skip
        session = Session(
            target=targets.target(),
            machine=PreparedMachine(spec, TargetDisks(), (), "", cast(Templates, None)),
            sources=Sources((), (), ()),
            outputs=Path(self.create_tempdir().full_path),
            budget=Budget(time.monotonic() + left_s),
            termination=cast(Termination, None),
        )
        told: list[Outcome] = []
        outcomes = session.run(cases, told.append)
        self.assertEqual(told, outcomes)
        return outcomes

    def test_no_time_left(self) -> None:
        (outcome,) = self.run_cases((samples.case(),), 0.5)
        self.assertTrue(outcome.is_error)
        self.assertRegex(
            outcome.judgement.details[0].message, "not run: of Bazel's timeout 0 s .*shard_count"
        )

    def test_a_case_without_a_scenario_is_its_authors_mistake(self) -> None:
        case = samples.case(scenario=None, error="pkg/one.py:9: raised KeyError")
        (outcome,) = self.run_cases((case,), 100.0)
        self.assertEqual(outcome.judgement.details[0].kind, Kind.USAGE)
        self.assertEqual(exit_status([outcome]), ExitStatus.ERROR)

    def test_a_case_that_its_machine_is_too_small_for_is_skipped(self) -> None:
        skip = "1n1l2c1t is too small: the test needs 2 NUMA nodes (there are 1)"
        (outcome,) = self.run_cases((samples.case(scenario=None, skip=skip),), 0.5)
        self.assertEqual(outcome.judgement.verdict, Verdict.SKIP)
        self.assertEqual([detail.message for detail in outcome.judgement.details], [skip])
        self.assertEqual(exit_status([outcome]), ExitStatus.OK)


if __name__ == "__main__":
    absltest.main()
