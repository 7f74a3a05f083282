# SPDX-License-Identifier: Apache-2.0
"""What holds of every schedule, and of single ones that can be told by hand."""

import dataclasses

from absl.testing import absltest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.model.errors import UsageError
from tests.scale.strategies import FARMS, free, workloads
from tools.scale.bounds import bounds, chain_s
from tools.scale.farm import Costs, Farm, Machines
from tools.scale.report import json_of, text_of
from tools.scale.schedule import simulate
from tools.scale.workload import Bundle, Kind, Task, Workload

_SLACK = 1e-6


def _tests(*seconds: float, **more: object) -> Workload:
    return Workload(
        tuple(
            Task(f"//t:{number}", Kind.TEST, each, **more)  # type: ignore[arg-type]
            for number, each in enumerate(seconds)
        ),
        (Bundle(100),),
    )


class BoundsTest(absltest.TestCase):
    @given(workloads(), FARMS)
    def test_no_schedule_is_shorter_than_any_bound(self, workload: Workload, farm: Farm) -> None:
        schedule = simulate(workload, farm)
        for bound in bounds(workload, farm, schedule):
            self.assertGreaterEqual(schedule.wall_s, bound.seconds - _SLACK, bound)

    @given(workloads(), st.integers(1, 6))
    def test_nor_longer_than_list_scheduling_can_be(self, workload: Workload, slots: int) -> None:
        """Graham 1966: of work that only waits for slots and for each other."""
        farm = free(slots)
        work_s, chain = sum(task.seconds for task in workload.tasks), chain_s(workload, farm)
        most = (work_s - chain) / slots + chain
        self.assertLessEqual(simulate(workload, farm).wall_s, most + _SLACK)

    @given(workloads())
    def test_one_slot_does_one_after_another(self, workload: Workload) -> None:
        total = sum(task.seconds for task in workload.tasks)
        self.assertAlmostEqual(simulate(workload, free(1)).wall_s, total)

    @given(workloads())
    def test_slots_enough_take_the_longest_chain(self, workload: Workload) -> None:
        farm = free(len(workload.tasks) + 1)
        self.assertAlmostEqual(simulate(workload, farm).wall_s, chain_s(workload, farm))

    @given(workloads(), FARMS, st.integers(0, 3))
    def test_the_same_seed_gives_the_same_bytes(
        self, workload: Workload, farm: Farm, seed: int
    ) -> None:
        farm = dataclasses.replace(farm, kills_per_hour=20.0)
        for told in (json_of, text_of):
            one, other = (told(workload, farm, simulate(workload, farm, seed)) for _ in range(2))
            self.assertEqual(one, other)

    @given(workloads(), FARMS)
    def test_nothing_is_used_beyond_what_there_is(self, workload: Workload, farm: Farm) -> None:
        schedule = simulate(workload, farm)
        self.assertLessEqual(schedule.core_s, farm.cores * schedule.wall_s + _SLACK)
        self.assertLessEqual(schedule.slot_s, farm.slots * schedule.wall_s + _SLACK)
        stage_s = farm.costs.stage_s
        work = sum(stage_s + task.seconds * task.cpu for task in workload.tasks)
        self.assertAlmostEqual(schedule.core_s, work, places=5)


class MonotoneTest(absltest.TestCase):
    """More of something never takes longer where order cannot matter: without needs, one by one.

    It does not hold of all workloads: with needs, or slots that are free at other moments, list
    scheduling may take longer with more (Graham's anomalies).
    """

    @given(st.lists(st.integers(1, 50).map(float), max_size=12), st.integers(1, 5))
    def test_more_slots_for_independent_tests(self, seconds: list[float], slots: int) -> None:
        workload = _tests(*seconds)
        more, fewer = (simulate(workload, free(each)).wall_s for each in (slots + 1, slots))
        self.assertLessEqual(more, fewer + _SLACK)

    @given(workloads(), st.integers(1, 50).map(float))
    def test_analysis_is_added(self, workload: Workload, seconds: float) -> None:
        farm = free(2)
        later = dataclasses.replace(farm, costs=Costs(analysis_s=seconds))
        self.assertAlmostEqual(
            simulate(workload, later).wall_s, seconds + simulate(workload, farm).wall_s
        )

    @given(workloads(), st.sampled_from((0.5, 2.0, 4.0)))
    def test_all_twice_as_long_takes_twice_as_long(self, workload: Workload, times: float) -> None:
        longer = dataclasses.replace(
            workload,
            tasks=tuple(
                dataclasses.replace(task, seconds=task.seconds * times) for task in workload.tasks
            ),
        )
        farm = free(3)
        self.assertAlmostEqual(
            simulate(longer, farm).wall_s, times * simulate(workload, farm).wall_s
        )


class SharingTest(absltest.TestCase):
    def test_four_workers_on_two_cores(self) -> None:
        farm = Farm((Machines(4, 1, 1, 4096),), shared_cores=2.0)
        self.assertAlmostEqual(simulate(_tests(10, 10, 10, 10), farm).wall_s, 20.0)

    def test_what_waits_half_of_its_time_shares_a_core_with_another(self) -> None:
        farm = Farm((Machines(2, 1, 1, 4096),), shared_cores=1.0)
        self.assertAlmostEqual(simulate(_tests(10, 10, cpu=0.5), farm).wall_s, 10.0)

    def test_others_take_their_share(self) -> None:
        farm = Farm((Machines(1, 2, 1, 4096),), foreign=3.0)
        self.assertAlmostEqual(simulate(_tests(10), farm).wall_s, 20.0)

    def test_who_is_left_goes_on_faster(self) -> None:
        farm = Farm((Machines(1, 1, 2, 4096),))
        # both at half pace until 8, and the longer alone from then on
        self.assertAlmostEqual(simulate(_tests(4, 10), farm).wall_s, 14.0)


class CostsTest(absltest.TestCase):
    def test_a_bundle_is_staged_once_for_each_machine(self) -> None:
        workload = _tests(1, 1, 1, 1, bundles=(0,))
        farm = Farm((Machines(2, 2, 2, 4096),), costs=Costs(transfer_bytes_s=10, cas_bytes_s=20))
        schedule = simulate(workload, farm)
        self.assertEqual(schedule.staged_bytes, 200)
        self.assertAlmostEqual(schedule.wall_s, 11.0)

    def test_the_cache_is_shared(self) -> None:
        workload = _tests(1, 1, bundles=(0,))
        farm = Farm((Machines(2, 1, 1, 4096),), costs=Costs(transfer_bytes_s=10, cas_bytes_s=10))
        self.assertAlmostEqual(simulate(workload, farm).wall_s, 21.0)

    def test_a_task_costs_what_it_costs(self) -> None:
        costs = Costs(
            analysis_s=1, client_s=2, dispatch_s=4, stage_s=8, transfer_bytes_s=10, cas_bytes_s=10
        )
        farm = dataclasses.replace(free(1), costs=costs)
        workload = _tests(100, output_bytes=320)
        schedule = simulate(workload, farm)
        self.assertAlmostEqual(schedule.wall_s, 1 + 2 + 4 + 8 + 100 + 32)
        self.assertEqual(schedule.returned_bytes, 320)

    def test_staging_shares_the_cores(self) -> None:
        farm = Farm((Machines(1, 1, 2, 4096),), costs=Costs(stage_s=5))
        self.assertAlmostEqual(simulate(_tests(10, 10), farm).wall_s, 30.0)

    def test_the_client_begins_so_many_at_once(self) -> None:
        farm = dataclasses.replace(free(4), costs=Costs(client_jobs=2))
        self.assertAlmostEqual(simulate(_tests(10, 10, 10, 10), farm).wall_s, 20.0)

    def test_the_saved_guest_comes_first(self) -> None:
        tasks = (Task("//t:g", Kind.TEMPLATE, 20), Task("//t:t", Kind.TEST, 3, needs=(0,)))
        schedule = simulate(Workload(tasks), free(2))
        self.assertAlmostEqual(schedule.templates_s, 20.0)
        self.assertAlmostEqual(schedule.wall_s, 23.0)


class MemoryTest(absltest.TestCase):
    def test_a_large_one_waits_for_its_machine_and_holds_up_nobody(self) -> None:
        farm = Farm((Machines(1, 1, 1, 1024), Machines(1, 1, 1, 4096)))
        large = [Task(f"//t:l{each}", Kind.TEST, 10, memory_mib=4096) for each in range(2)]
        small = [Task(f"//t:s{each}", Kind.TEST, 5) for each in range(2)]
        schedule = simulate(Workload((*large, *small)), farm)
        self.assertAlmostEqual(schedule.wall_s, 20.0)
        self.assertAlmostEqual(schedule.waited_s[2], 0.0)
        self.assertAlmostEqual(schedule.waited_s[3], 5.0)

    def test_no_machine_has_it(self) -> None:
        with self.assertRaisesRegex(UsageError, "//t:0 asks for ktstr-memory=16384.* 4096 MiB"):
            simulate(_tests(1, memory_mib=16384), free(1))


class KillsTest(absltest.TestCase):
    @settings(max_examples=30)
    @given(workloads(), st.integers(0, 9))
    def test_all_come_to_their_end(self, workload: Workload, seed: int) -> None:
        farm = dataclasses.replace(free(2), kills_per_hour=40.0)
        schedule = simulate(workload, farm, seed)
        calm = simulate(workload, free(2))
        self.assertGreaterEqual(schedule.wall_s, max(t.seconds for t in workload.tasks or [_ONE]))
        if not schedule.retries:
            self.assertLessEqual(calm.core_s, schedule.core_s + _SLACK)
        self.assertGreaterEqual(schedule.core_s, calm.core_s - _SLACK)

    def test_what_was_lost_is_done_again_after_the_keepalive(self) -> None:
        farm = dataclasses.replace(free(1), kills_per_hour=60.0, keepalive_s=500.0)
        schedule = simulate(_tests(50), farm, seed=1)
        self.assertGreater(schedule.retries, 0)
        self.assertGreaterEqual(schedule.wall_s, 550.0)

    def test_too_many(self) -> None:
        farm = dataclasses.replace(free(1), kills_per_hour=3600.0)
        with self.assertRaisesRegex(UsageError, "//t:0, 1000 s, was killed 100 times"):
            simulate(_tests(1000), farm)


_ONE = Task("//t:none", Kind.TEST, 0.0)


if __name__ == "__main__":
    absltest.main()
