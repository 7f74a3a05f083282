# SPDX-License-Identifier: Apache-2.0
"""Canned and generated scenarios: valid wherever they say they are, and the same each time."""

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr import scenarios
from ktstr.model.errors import UsageError
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.scenario.scenario import Frac, Scenario
from ktstr.model.validation.validate import check_scenario
from tests.model.strategies import topologies

_ANYWHERE = {
    "affinity_change": scenarios.affinity_change,
    "cgroup_add": scenarios.cgroup_add,
    "cgroup_remove": scenarios.cgroup_remove,
    "mixed_workloads": scenarios.mixed_workloads,
    "nested_steady": scenarios.nested_steady,
    "nested_task_move": scenarios.nested_task_move,
    "oversubscribed": scenarios.oversubscribed,
    "steady": scenarios.steady,
}
_BY_MACHINE = {
    "affinity_pinned": scenarios.affinity_pinned,
    "cpuset_apply": scenarios.cpuset_apply,
    "cpuset_clear": scenarios.cpuset_clear,
    "cpuset_resize": scenarios.cpuset_resize,
    "host_contention": scenarios.host_contention,
    "steady_llc": scenarios.steady_llc,
}
_MACHINES = [TopologyView.of(Topology.parse(text)) for text in ("1n1l2c1t", "1n2l2c1t", "2n4l2c2t")]


class CannedTest(parameterized.TestCase):
    def assert_plays(self, scenario: Scenario, view: TopologyView) -> None:
        check_scenario(scenario, view, workers_per_cgroup=2)
        fractions = [step.hold.fraction for step in scenario.steps if isinstance(step.hold, Frac)]
        self.assertLen(fractions, len(scenario.steps))
        self.assertAlmostEqual(sum(fractions), 1.0)

    @parameterized.parameters(*sorted(_ANYWHERE))
    def test_plays_anywhere(self, name: str) -> None:
        self.assert_plays(_ANYWHERE[name](), TopologyView.of(Topology(1, 1, 1, 1)))

    @parameterized.parameters(*sorted(_BY_MACHINE))
    def test_plays_on_two_cpus_and_more(self, name: str) -> None:
        for view in _MACHINES:
            self.assert_plays(_BY_MACHINE[name](view), view)

    def test_confine_wants_a_part_for_each_cgroup(self) -> None:
        with self.assertRaises(ValueError):
            scenarios.confine(scenarios.alike(3), scenarios.split_half(_MACHINES[1]))


class GeneratedTest(parameterized.TestCase):
    @given(topologies(), st.integers(0, 2**31 - 1), st.integers(1, 12))
    def test_is_valid_and_follows_from_its_seed(
        self, topology: Topology, seed: int, steps: int
    ) -> None:
        view = TopologyView.of(topology)
        scenario = scenarios.generated(view, seed, steps)
        check_scenario(scenario, view, workers_per_cgroup=2)
        self.assertLen(scenario.steps, steps)
        self.assertEqual(scenarios.generated(view, seed, steps), scenario)

    def test_seeds_differ(self) -> None:
        made = {repr(scenarios.generated(_MACHINES[1], seed)) for seed in range(20)}
        self.assertLen(made, 20)

    def test_refuses_no_step(self) -> None:
        with self.assertRaisesRegex(UsageError, "0 steps"):
            scenarios.generated(_MACHINES[0], 1, 0)


if __name__ == "__main__":
    absltest.main()
