# SPDX-License-Identifier: Apache-2.0
"""The random choices of a population: each its own, and in a comparison those of every leg."""

from __future__ import annotations

from unittest import mock

from absl.testing import absltest

from ktstr.guest.scenario.population import Population, Stage
from ktstr.guest.system.cgroups import CgroupTree
from ktstr.guest.system.reactor import Reactor
from ktstr.guest.workers.group import WorkerGroup
from ktstr.model.errors import InfraError
from ktstr.model.facts import WorkerFacts
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.work.work import RandomSubset, Work
from tests.support.sink import Sink

_VIEW = TopologyView.of(Topology.parse("2n4l64c1t"))
_WORK = Work(affinity=RandomSubset(), workers=2)


class PopulationTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        mount = self.create_tempdir()
        mount.create_file("cgroup.procs")
        stage = Stage(_VIEW, 1.0, 2, seed=1, collect_s=5.0, worker="/bin/true")
        self.sink, reactor = Sink(), Reactor()
        self.people = Population(stage, CgroupTree(mount.full_path), reactor, self.sink)

    def affinities(self) -> list[str]:
        """Those of two workers of one step."""
        self.people.spawn(None, _WORK, 0)
        self.people.tear_down(0)
        found = [each.requested for each in self.sink.facts if isinstance(each, WorkerFacts)]
        self.sink.facts.clear()
        return found

    def test_every_group_draws_for_itself(self) -> None:
        drawn = [*self.affinities(), *self.affinities()]
        self.assertLen(set(drawn), 4)

    def test_one_group_that_cannot_be_ended_leaves_the_others(self) -> None:
        for _ in range(3):
            self.people.spawn(None, _WORK, 0)
        real = WorkerGroup.collect
        outcomes = iter((OSError(5, "its file is lost"), None, InfraError("stuck")))

        def collect(group: WorkerGroup, waited_s: float) -> list[WorkerFacts]:
            found, error = real(group, waited_s), next(outcomes)
            if error is not None:
                raise error
            return found

        with (
            mock.patch.object(WorkerGroup, "collect", autospec=True, side_effect=collect),
            self.assertRaisesRegex(InfraError, r"^\[Errno 5\] its file is lost; stuck$"),
        ):
            self.people.tear_down(0)
        self.assertLen(self.sink.facts, 2)
        self.people.tear_down(0)

    def test_a_file_that_stays_takes_no_facts_along(self) -> None:
        self.people.spawn(None, _WORK, 0)
        lost = OSError(5, "its file is lost")
        with (
            mock.patch.object(WorkerGroup, "remove_leftovers", side_effect=lost),
            self.assertRaisesRegex(InfraError, "its file is lost"),
        ):
            self.people.tear_down(0)
        self.assertLen([each for each in self.sink.facts if isinstance(each, WorkerFacts)], 2)

    def test_legs_of_a_comparison_draw_alike(self) -> None:
        self.affinities()  # of a backdrop
        legs = []
        for _ in range(3):
            self.people.begin_leg()
            legs.append(self.affinities() + self.affinities())
        self.assertLen(set(legs[0]), 4)
        self.assertEqual(legs[1:], legs[:1] * 2)


if __name__ == "__main__":
    absltest.main()
