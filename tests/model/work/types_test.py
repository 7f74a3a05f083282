# SPDX-License-Identifier: Apache-2.0
"""Work types as data: equal by value, not to be changed, bounded, in groups, with roles."""

from __future__ import annotations

import dataclasses

from absl.testing import absltest, parameterized
from hypothesis import given

from ktstr.model.codec import decode, encode
from ktstr.model.errors import UsageError
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.scenario.scenario import CgroupDef, Scenario, Spawn, Step, defs
from ktstr.model.validation.own_work import check_custom_work, check_python_work, has_python_work
from ktstr.model.work.kind import KINDS, WorkType
from ktstr.model.work.mem_policy import MemMode, MemPolicy, check_mem_nodes
from ktstr.model.work.place import check_place, sibling_pairs
from ktstr.model.work.policy import Policy
from ktstr.model.work.teams import (
    FutexFanOut,
    MutexContention,
    PreemptStorm,
    PriorityInversion,
    ProducerConsumerImbalance,
    RtStarvation,
    SmtSiblingSpin,
    Taobench,
    ThunderingHerd,
    WakeChain,
)
from ktstr.model.work.types import (
    AluHot,
    CachePressure,
    CgroupChurn,
    CustomWork,
    Flavour,
    ForkExit,
    NumaMigrationChurn,
    PageFaultChurn,
    PythonWork,
    Sequence,
    SpinFor,
)
from ktstr.model.work.work import Deadline, Mode, SmtSiblingPair, Work, check_work
from tests.model.strategies import work_types

_VIEW = TopologyView.of(Topology.parse("2n2l2c2t"))
_FLAT = TopologyView.of(Topology.parse("1n1l4c1t"))
_DEADLINE = Deadline(1000, 2000, 4000)


class ParametersTest(parameterized.TestCase):
    @given(work_types())
    def test_a_copy_is_equal_and_hashes_alike(self, kind: WorkType) -> None:
        copy = dataclasses.replace(kind)
        self.assertEqual(copy, kind)
        self.assertEqual(hash(copy), hash(kind))
        self.assertEqual(decode(type(kind), encode(kind)), kind)

    def test_other_types_with_the_same_values_differ(self) -> None:
        self.assertNotEqual(FutexFanOut(4), WakeChain(4))
        self.assertNotEqual(WakeChain(4), WakeChain(5))

    def test_they_cannot_be_changed(self) -> None:
        with self.assertRaises(dataclasses.FrozenInstanceError):
            WakeChain(4).depth = 5  # type: ignore[misc]
        with self.assertRaises(dataclasses.FrozenInstanceError):
            del WakeChain(4).depth

    def test_they_show_what_they_are(self) -> None:
        self.assertEqual(repr(WakeChain(3)), "WakeChain(depth=3, spin=256)")

    @parameterized.parameters(
        ((1, 2, 3), {}, "3 values for 2 fields"),
        ((1,), {"depth": 1}, "depth is given twice"),
        ((), {"width": 1}, "no field width; fields: depth, spin"),
    )
    def test_mistakes_are_told(
        self, values: tuple[int, ...], named: dict[str, int], message: str
    ) -> None:
        with self.assertRaisesRegex(TypeError, message):
            WakeChain(*values, **named)

    def test_a_value_without_a_default_is_needed(self) -> None:
        with self.assertRaisesRegex(TypeError, "SpinFor: us is missing"):
            SpinFor()  # type: ignore[call-arg]


class BoundsTest(parameterized.TestCase):
    @parameterized.parameters(*KINDS.values())
    def test_defaults_are_right(self, kind: type[WorkType]) -> None:
        named: dict[type[WorkType], WorkType] = {
            PythonWork: PythonWork("work"),
            CustomWork: CustomWork("mine"),
        }
        check_work(Work(named.get(kind) or kind()))

    @parameterized.parameters(
        (FutexFanOut(0), "FutexFanOut: fan_out is 0; at least 1 is needed"),
        (MutexContention(1), "contenders is 1; at least 2"),
        (WakeChain(257), "depth is 257; 256 is the most"),
        (CachePressure(1, 2048), "stride is 2048, more than the 1 KiB"),
        (PageFaultChurn(region_kb=1), "region_kb is 1; a page has 4"),
        (Sequence(()), "0 phases; 1 to 16"),
        (Sequence((SpinFor(0),)), "us is 0; at least 1"),
        (Taobench(miss_pct=101), "miss_pct is 101; 100 is the most"),
        (RtStarvation(priority=98), "priority is 98; 97 is the most"),
        (WakeChain(2.5), "depth is 2.5; a whole number is needed"),  # type: ignore[arg-type]
        (CustomWork(""), "it has no name"),
        (CustomWork("x", {"a b": 1}), "parameter 'a b' of 1"),
    )
    def test_what_no_worker_takes(self, kind: WorkType, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            check_work(Work(kind))


class GroupTest(parameterized.TestCase):
    @parameterized.parameters(
        (FutexFanOut(3), 4),
        (ThunderingHerd(8), 9),
        (WakeChain(5), 5),
        (ProducerConsumerImbalance(3, 2), 5),
        (RtStarvation(2, 3), 5),
        (PriorityInversion(), 3),
        (CustomWork("x", group=6), 6),
        (AluHot(), 1),
    )
    def test_sizes(self, kind: WorkType, size: int) -> None:
        self.assertEqual(kind.group_size, size)

    @parameterized.parameters(
        (100.0, 1, 8), (50.0, 1, 4), (1.0, 1, 1), (30.0, 3, 3), (150.0, 5, 15)
    )
    def test_percent_of_the_cpus_make_whole_groups(self, pct: float, size: int, count: int) -> None:
        work = Work(CustomWork("x", group=size), workers_pct=pct)
        self.assertEqual(work.count(99, 8), count)


class RoleTest(absltest.TestCase):
    def test_a_type_without_roles_leaves_the_works_own(self) -> None:
        work = Work(AluHot(), policy=Policy.RR, rt_priority=7)
        self.assertEqual(work.role(3), (Policy.RR, 7, 0))

    def test_inversion_goes_down_in_weight(self) -> None:
        work = Work(PriorityInversion(), nice=-3)
        self.assertEqual([work.role(i).nice for i in range(6)], [-3, 5, 19, -3, 5, 19])

    def test_one_of_a_storm_is_real_time(self) -> None:
        work = Work(PreemptStorm(spinners=2), policy=Policy.BATCH)
        policies = [work.role(i).policy for i in range(3)]
        self.assertEqual(policies, [Policy.FIFO, Policy.BATCH, Policy.BATCH])
        self.assertEqual([work.type.is_hungry(i) for i in range(3)], [False, True, True])

    def test_hogs_come_first(self) -> None:
        work = Work(RtStarvation(hogs=2, victims=1, priority=4))
        found = [work.role(i)[:2] for i in range(3)]
        self.assertEqual(found, [(Policy.FIFO, 4), (Policy.FIFO, 4), (Policy.NORMAL, 0)])


class RefusedTest(parameterized.TestCase):
    @parameterized.parameters(
        (Work(policy=Policy.DEADLINE), "go together"),
        (Work(deadline=_DEADLINE), "go together"),
        (Work(policy=Policy.DEADLINE, deadline=Deadline(3, 2, 4)), "runtime <= deadline <= period"),
        (Work(policy=Policy.DEADLINE, deadline=Deadline(2, 3, 50)), "a period of 100 to"),
        (
            Work(policy=Policy.DEADLINE, deadline=_DEADLINE, affinity=SmtSiblingPair()),
            "goes with no affinity",
        ),
        (Work(ForkExit(), policy=Policy.DEADLINE, deadline=_DEADLINE), "may not fork"),
        (Work(CgroupChurn(), mode=Mode.THREAD), "a cgroup takes whole processes"),
        (Work(PythonWork("f"), mode=Mode.THREAD), "threads take turns"),
        (Work(PythonWork("f"), policy=Policy.EXT), "Python sets neither"),
        (Work(PriorityInversion(), policy=Policy.IDLE), "differ by nice"),
        (Work(comm="sixteen bytes at"), "at most 15"),
        (Work(uid=-1), "uid -1 is not within"),
        (Work(workers=2, workers_pct=50.0), "goes without `workers`"),
        (Work(workers_pct=0.0), "above 0"),
        (Work(mem_policy=MemPolicy(MemMode.BIND)), "bind needs nodes"),
        (Work(mem_policy=MemPolicy(MemMode.LOCAL, frozenset({1}))), "takes neither nodes"),
        (Work(mem_policy=MemPolicy(MemMode.PREFERRED, frozenset({0, 1}))), "takes one node"),
        (
            Work(mem_policy=MemPolicy(MemMode.INTERLEAVE, frozenset({0}), numa_balancing=True)),
            "goes with bind and preferred_many only",
        ),
        (
            Work(
                mem_policy=MemPolicy(
                    MemMode.BIND, frozenset({0}), static_nodes=True, relative_nodes=True
                )
            ),
            "exclude another",
        ),
    )
    def test_what_the_kernel_would_refuse(self, work: Work, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            check_work(work)


class PlaceTest(parameterized.TestCase):
    def test_pairs_of_siblings(self) -> None:
        self.assertEqual(sibling_pairs(_VIEW.cpus, _VIEW), [(0, 1), (2, 3), (4, 5), (6, 7)])
        self.assertEqual(sibling_pairs(frozenset({1, 2, 3}), _VIEW), [(2, 3)])

    def test_a_machine_without_siblings(self) -> None:
        with self.assertRaisesRegex(UsageError, "1n1l4c1t has none there"):
            check_place(Work(SmtSiblingSpin()), _FLAT.cpus, _FLAT)

    def test_a_machine_with_one_node(self) -> None:
        with self.assertRaisesRegex(UsageError, "NumaMigrationChurn moves memory between"):
            check_place(Work(NumaMigrationChurn()), _FLAT.cpus, _FLAT)
        check_place(Work(NumaMigrationChurn()), _VIEW.cpus, _VIEW)

    @parameterized.parameters(
        (MemPolicy(MemMode.BIND, frozenset({1})), "not among those of CPUs 0-3: 0"),
        (MemPolicy(MemMode.BIND, frozenset({2}), static_nodes=True), "not among those of this"),
    )
    def test_nodes_out_of_reach(self, policy: MemPolicy, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            check_mem_nodes(policy, frozenset(range(4)), _VIEW)

    @parameterized.parameters(
        MemPolicy(MemMode.BIND, frozenset({0})),
        MemPolicy(MemMode.BIND, frozenset({1}), static_nodes=True),
        MemPolicy(MemMode.BIND, frozenset({5}), relative_nodes=True),
        MemPolicy(),
    )
    def test_nodes_within_reach(self, policy: MemPolicy) -> None:
        check_mem_nodes(policy, frozenset(range(4)), _VIEW)

    def test_a_memory_policy_is_written_as_the_worker_reads_it(self) -> None:
        policy = MemPolicy(MemMode.BIND, frozenset({0, 1, 3}), static_nodes=True)
        self.assertEqual(str(policy), "bind:0-1,3=static")


class OwnWorkTest(absltest.TestCase):
    def test_a_custom_work_that_the_target_lacks(self) -> None:
        scenario = Scenario((Step(ops=(Spawn("cg", Work(CustomWork("mine"))),)),))
        check_custom_work(scenario, ("mine",))
        with self.assertRaisesRegex(UsageError, r"'mine'.*those of this test: a, b \(the target"):
            check_custom_work(scenario, ("b", "a"))

    def test_a_function_that_the_file_lacks(self) -> None:
        scenario = defs(CgroupDef(works=(Work(PythonWork("spin")),)))
        check_python_work(scenario, {"spin": print})
        self.assertTrue(has_python_work(scenario))
        self.assertFalse(has_python_work(defs(CgroupDef())))
        with self.assertRaisesRegex(UsageError, r"PythonWork\('spin'\): the test's file has no"):
            check_python_work(scenario, {"spin": 3})


class FlavourTest(absltest.TestCase):
    def test_the_order_that_the_worker_knows(self) -> None:
        self.assertEqual([each.value for each in Flavour], ["integer", "float", "vector"])


if __name__ == "__main__":
    absltest.main()
