# SPDX-License-Identifier: Apache-2.0
"""The catalogue: what it holds, and that it plays on machines of all sizes."""

from absl.testing import absltest, parameterized

from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.validation.validate import check_scenario
from tests.faults.under import catalogue

# ktstr 0.4.9's catalogue (spec 2.11), without what a page's name says already
_NAMES = {
    "advanced": "cgroup_all_loaded cgroup_bursty_imbalance cgroup_bursty_load_shift "
    "cgroup_cpuset_overlap_imbalance cgroup_cpuset_overlap_load_imbalance cgroup_idle_overloaded "
    "cgroup_llc_overflow cgroup_load_imbalance",
    "affinity": "cgroup_cpuset_llc_affinity cgroup_inherit cgroup_pinned cgroup_random "
    "cgroup_spanning change cpuset_multicpu_pin multicpu_pin",
    "basic": "cgroup_cpuset_cross_llc_steady cgroup_cpuset_llc_steady cgroup_host_contention "
    "cgroup_pipe_io cgroup_steady",
    "cpuset": "apply_midrun cgroup_overlap_steady change_imbalance clear_midrun load_shift "
    "resize swap_disjoint workload_imbalance",
    "dynamic": "add_during_imbalance cgroup_add_midrun cgroup_rapid_churn cgroup_remove_midrun "
    "cpuset_add_remove",
    "interaction": "add_load_imbalance cpuset_imbalance_combined "
    "cpuset_overlap_imbalance_combined four_way_load_imbalance imbalance_mixed_workload "
    "io_compute_imbalance load_oscillation no_ctrl_cpuset_change no_ctrl_imbalance "
    "no_ctrl_load_imbalance no_ctrl_task_migration",
    "nested": "cgroup_steady cpuset imbalance no_ctrl rapid_churn task_move",
    "numa": "cpuset_swap",
    "performance": "cache_pipe_io_compute_imbalance cache_pressure_imbalance "
    "cache_yield_wake_affine fan_out_compute fan_out_wake",
    "sched_class": "batch fifo idle mixed rr",
    "stall": "detect recovery",
    "stress": "cgroup_exhaust_reuse cgroup_oversubscribed cgroup_partial_cpus_steady "
    "cgroup_per_cpu cgroup_uneven_steady cpuset_cross_llc_race cpuset_workload_variety "
    "dsq_contention dynamic_workload_variety workload_variety",
}
_ALL = {f"{page}.{name}" for page, names in _NAMES.items() for name in names.split()}


class CatalogueTest(parameterized.TestCase):
    def test_holds_every_scenario_of_the_specification(self) -> None:
        self.assertEqual(set(catalogue()), _ALL)

    @parameterized.parameters("1n1l1c1t", "1n1l2c1t", "1n2l2c1t", "1n3l3c1t", "2n4l2c2t")
    def test_plays_or_says_what_it_needs(self, topology: str) -> None:
        view = TopologyView.of(Topology.parse(topology))
        for name, declared in catalogue().items():
            if declared.needs is None or not declared.needs.unmet(view):
                with self.subTest(name):
                    check_scenario(declared.function(view), view, declared.workers_per_cgroup)

    def test_all_play_on_eight_cpus_of_two_nodes(self) -> None:
        view = TopologyView.of(Topology.parse("2n4l2c1t"))
        for name, declared in catalogue().items():
            if declared.needs is not None:
                self.assertEqual(declared.needs.unmet(view), "", name)

    def test_each_says_what_it_stresses(self) -> None:
        for name, declared in catalogue().items():
            self.assertStartsWith(declared.function.__doc__ or "", "Stresses ", name)


if __name__ == "__main__":
    absltest.main()
