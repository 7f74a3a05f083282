# SPDX-License-Identifier: Apache-2.0
"""What becomes of a run whose sampler cannot be had, or dies: an error in its facts, no samples."""

from __future__ import annotations

import os
from typing import Any

from absl.testing import absltest

from ktstr.guest.observers.sampler import Sampler
from ktstr.guest.scenario.phases import Turns
from ktstr.guest.scenario.population import Population, Stage
from ktstr.guest.system.cgroups import CgroupTree
from ktstr.guest.system.reactor import Reactor
from ktstr.model.codec import decode, encode
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.wire.samples import SamplerFacts, SchedSample
from tests.guest.observers.observer import ObserverTest
from tests.support.sink import Sink


class SamplerTest(ObserverTest):
    def play(self, script: str) -> list[Any]:
        """A scenario of one step with a program that does what the shell script says."""
        return self.play_with(self.program(script))

    def play_with(self, program: str) -> list[Any]:
        sink = Sink()
        with self.leaves_nothing_open():
            sampler = Sampler(Reactor(), sink, program)
            sampler.start()
            sampler.measure("cg", 7)
            sampler.turn(0)
            sampler.turn(None)
            sampler.report()
            sampler.finish()
            del sampler
        return sink.facts

    def test_the_next_scenario_does_not_call_upon_one_that_has_gone(self) -> None:
        tree, sink = CgroupTree(self.create_tempdir().full_path), Sink()
        view = TopologyView.of(Topology.parse("1n1l1c1t"))
        stage = Stage(view, 1.0, 1, seed=1, collect_s=1.0)
        people = Population(stage, tree, Reactor(), sink)
        turns = Turns(people, tree, Reactor(), sink, trace=True)
        self.assertIsNotNone(tree.on_create)
        turns.finish()
        self.assertIsNone(tree.on_create)

    def test_after_its_end_it_writes_to_nobody(self) -> None:
        sampler = Sampler(Reactor(), Sink(), self.program("echo ok; read a; echo ok"))
        sampler.start()
        sampler.finish()
        # whoever opens a file next has the descriptors that the sampler gave back
        pipes = [os.pipe2(os.O_NONBLOCK) for _ in range(4)]
        sampler.measure("cg", 7)
        self.assert_none_written(pipes)

    def test_a_program_that_is_not_there(self) -> None:
        (account,) = self.play_with("/no/such/sampler")
        self.assertIn("cannot sample: ", account.error)
        self.assertIn("No such file", account.error)
        self.assertIsNone(account.ready_ns)

    def test_a_kernel_that_takes_no_programs(self) -> None:
        (account,) = self.play("echo 'error cannot load the programs: Operation not permitted'")
        self.assertEqual(
            account.error, "cannot sample: cannot load the programs: Operation not permitted"
        )

    def test_a_program_that_ends_at_once(self) -> None:
        (account,) = self.play("exit 3")
        self.assertEqual(account.error, "cannot sample: no attachment of its programs: it ended")

    def test_a_program_that_dies_on_the_way(self) -> None:
        (account,) = self.play("echo ok; read a; echo ok")
        self.assertIn("stopped sampling: ", account.error)
        self.assertIsNotNone(account.ready_ns)

    def test_samples_are_named_by_cgroup_and_step(self) -> None:
        sample = (
            '{"cgroup":7,"pid":%d,"phase":%d,"switches":3,"migrations":1,'
            '"wake":{"buckets":{"5":2},"count":2,"total":10,"maximum":5}}'
        )
        facts = self.play(
            "echo ok; read a; echo ok; read b; echo ok; read c; echo ok; read d\n"
            f"echo '{sample % (12, 1)}'; echo '{sample % (0, 1)}'; echo ok; read e\n"
            'echo \'{"program":"p","runs":4,"run_time_ns":90,"missed":0}\'\n'
            "echo '{\"dropped\":0}'; echo ok"
        )
        worker, others, account = facts
        self.assertEqual((worker.cgroup, worker.step, worker.pid), ("cg", 0, 12))
        self.assertEqual((others.pid, others.switches, others.migrations), (None, 3, 1))
        self.assertEqual((worker.wake.count, worker.wake.buckets), (2, {5: 2}))
        self.assertEqual(worker.off_cpu.count, 0)
        self.assertLessEqual(worker.started_ns, worker.ended_ns)
        self.assertEqual((account.error, account.dropped), ("", 0))
        self.assertEqual([each.runs for each in account.programs], [4])
        self.assertEqual(decode(SchedSample, encode(worker)), worker)
        self.assertEqual(decode(SamplerFacts, encode(account)), account)


if __name__ == "__main__":
    absltest.main()
