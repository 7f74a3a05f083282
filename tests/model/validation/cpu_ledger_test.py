# SPDX-License-Identifier: Apache-2.0
"""Which CPUs are there at a point of a scenario, and what that leaves to cgroups and workers."""

from __future__ import annotations

from typing import Any

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpuset import Exact
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.scenario.scenario import (
    AddCgroup,
    Backdrop,
    CgroupDef,
    CpuOp,
    Fixed,
    Loop,
    OfflineCpu,
    OnlineCpu,
    Op,
    Scenario,
    SetAffinity,
    SetCpuset,
    Spawn,
    SpawnHost,
    Step,
    SwapCpusets,
)
from ktstr.model.validation.cpu_ledger import BOOT_CPU, CpuLedger
from ktstr.model.validation.validate import check_scenario
from ktstr.model.work.work import ExactCpus, SmtSiblingPair, Work

VIEW = TopologyView.of(Topology.parse("1n2l1c2t"))
ONE = TopologyView.of(Topology.parse("1n1l1c1t"))
HOLD = Fixed(1.0)
_OPS = st.lists(
    st.builds(OfflineCpu, st.integers(-1, 4)) | st.builds(OnlineCpu, st.integers(-1, 4)),
    max_size=12,
)


def cpus(*names: int) -> Exact:
    return Exact(frozenset(names))


def steps(*each: tuple[Op, ...], backdrop: Backdrop | None = None) -> Scenario:
    return Scenario(tuple(Step(ops=ops, hold=HOLD) for ops in each), backdrop or Backdrop())


def bound(*names: int) -> Work:
    return Work(affinity=ExactCpus(frozenset(names)))


class CpuLedgerTest(parameterized.TestCase):
    @parameterized.parameters("1", 1.0, True, None)
    def test_what_is_no_number_of_a_cpu(self, cpu: Any) -> None:
        ledger = CpuLedger(frozenset({0, 1}), frozenset())
        with self.assertRaisesRegex(UsageError, "is no number of a CPU, as"):
            ledger.apply(OfflineCpu(cpu), lasting=False)
        self.assertEqual(ledger.online, {0, 1})

    @given(_OPS, st.booleans())
    def test_what_is_taken_keeps_a_cpu_and_comes_back(
        self, ops: list[CpuOp], lasting: bool
    ) -> None:
        ledger = CpuLedger(VIEW.cpus)
        for op in ops:
            before = ledger.online
            try:
                ledger.apply(op, lasting=lasting)
            except UsageError:
                self.assertEqual(ledger.online, before)
            else:
                changed = frozenset({op.cpu})
                self.assertEqual(ledger.online ^ before, changed)
            self.assertIn(BOOT_CPU, ledger.online)
        taken = VIEW.cpus - ledger.online
        ledger.end_step()
        self.assertEqual(ledger.online, VIEW.cpus - taken if lasting else VIEW.cpus)

    @parameterized.named_parameters(
        ("one after the other", steps((OfflineCpu(1), OnlineCpu(1), OfflineCpu(1), OfflineCpu(3)))),
        ("again in the next step", steps((OfflineCpu(1),), (OfflineCpu(1),))),
        ("a loop", Scenario((Step(ops=(OfflineCpu(1), OnlineCpu(1)), hold=Loop(0.1)),))),
        (
            "the Backdrop's is brought back for good",
            steps((OnlineCpu(2),), (OfflineCpu(2),), backdrop=Backdrop(ops=(OfflineCpu(2),))),
        ),
        (
            "the last one of a cpuset",
            steps((AddCgroup("a"), SetCpuset("a", cpus(1)), OfflineCpu(1))),
        ),
        (
            "workers of a cpuset that lost its last one go to what is above",
            steps((AddCgroup("a"), SetCpuset("a", cpus(1)), OfflineCpu(1), Spawn("a", bound(0)))),
        ),
    )
    def test_what_the_guest_can_play_is_taken(self, scenario: Scenario) -> None:
        check_scenario(scenario, VIEW, 1)

    @parameterized.named_parameters(
        ("unknown", steps((OfflineCpu(9),)), "OfflineCpu: CPU 9 does not exist; .* has 0-3"),
        ("unknown to come", steps((OnlineCpu(4),)), "OnlineCpu: CPU 4 does not exist"),
        ("boot", steps((OfflineCpu(0),)), "CPU 0 is the one that machines boot on"),
        ("twice", steps((OfflineCpu(1), OfflineCpu(1))), "CPU 1 is offline already at this point"),
        ("online", steps((OnlineCpu(1),)), "step 0: OnlineCpu: CPU 1 is online at this point"),
        ("came back", steps((OfflineCpu(1),), (OnlineCpu(1),)), "step 1: .*CPU 1 is online"),
        (
            "over the Backdrop's",
            steps((OfflineCpu(2),), backdrop=Backdrop(ops=(OfflineCpu(2),))),
            "step 0: OfflineCpu: CPU 2 is offline already",
        ),
        (
            "second round",
            Scenario((Step(ops=(OfflineCpu(1),), hold=Loop(0.1)),)),
            "step 0, second round: OfflineCpu: CPU 1 is offline already",
        ),
        (
            "a cpuset of none",
            Scenario((Step((CgroupDef("a", cpus(1, 2)),), (OfflineCpu(1), OfflineCpu(2)), HOLD),)),
            "cgroup 'a': none of its CPUs 1-2 is online at this point; online are 0,3",
        ),
        (
            "a cpuset of none by an op",
            steps((AddCgroup("a"), OfflineCpu(1), SetCpuset("a", cpus(1)))),
            "SetCpuset: none of its CPUs 1 is online",
        ),
        (
            "a cpuset of none by an exchange",
            steps(
                (
                    AddCgroup("a"),
                    AddCgroup("b"),
                    SetCpuset("a", cpus(1)),
                    OfflineCpu(1),
                    SwapCpusets("a", "b"),
                )
            ),
            "SwapCpusets: none of its CPUs 1 is online",
        ),
        (
            "an affinity to none",
            steps((OfflineCpu(1), SpawnHost(bound(1)))),
            r"ExactCpus\(1\) names none of the CPUs 0,2-3",
        ),
        (
            "an affinity to none in a cpuset",
            steps(
                (AddCgroup("a"), SetCpuset("a", cpus(0, 1)), OfflineCpu(1), Spawn("a", bound(1)))
            ),
            r"ExactCpus\(1\) names none of the CPUs 0 that",
        ),
        (
            "an affinity of now",
            steps((AddCgroup("a"), OfflineCpu(1), SetAffinity("a", ExactCpus(frozenset({1}))))),
            r"SetAffinity: ExactCpus\(1\) names none",
        ),
        (
            "no siblings",
            steps(
                (
                    OfflineCpu(1),
                    OfflineCpu(3),
                    SpawnHost(Work(affinity=SmtSiblingPair(), workers=2)),
                )
            ),
            "SmtSiblingPair needs a core with two threads among the CPUs 0,2",
        ),
    )
    def test_what_the_guest_cannot_play_is_refused(self, scenario: Scenario, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            check_scenario(scenario, VIEW, 1)

    def test_the_last_one_stays(self) -> None:
        with self.assertRaisesRegex(UsageError, "CPU 0 is the last one that is online"):
            check_scenario(steps((OfflineCpu(0),)), ONE, 1)

    def test_a_function_s_scenario_begins_with_what_is_there(self) -> None:
        gone = frozenset({1})
        check_scenario(steps((OnlineCpu(1),)), VIEW, 1, offline=gone)
        with self.assertRaisesRegex(UsageError, "CPU 1 is offline already"):
            check_scenario(steps((OfflineCpu(1),)), VIEW, 1, offline=gone)


if __name__ == "__main__":
    absltest.main()
