# SPDX-License-Identifier: Apache-2.0
"""The witness in the agent: what its process says becomes facts, and what it cannot, an error."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from absl.testing import absltest

from ktstr.guest.observers.witness import Witness, period_ns
from ktstr.guest.scenario.phases import Turns
from ktstr.guest.scenario.population import Population, Stage
from ktstr.guest.system.cgroups import CgroupTree
from ktstr.guest.system.reactor import Reactor
from ktstr.model.codec import decode, encode
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.wire.witness import CpuIdleness, Hold, Sightings, WitnessFacts
from ktstr.record.sightings import seen_in
from tests.guest.observers.observer import ObserverTest
from tests.support.sink import Sink

_OK = "echo ok; "


class WitnessTest(ObserverTest):
    def play(self, script: str) -> list[Any]:
        """A guest with one step, and a program that does what the shell script says."""
        return self.play_with(self.program(script))

    def play_with(self, program: str) -> list[Any]:
        sink = Sink()
        with self.leaves_nothing_open():
            witness = Witness(Reactor(), program)
            witness.load()
            witness.begin(sink, 2)
            witness.follow(41)
            witness.measure("cg", 7)
            witness.turn(0)
            witness.turn(None)
            witness.report()
            witness.finish()
            del witness
        return sink.facts

    def assert_error(self, script: str, error: str) -> None:
        (account,) = self.play(script)
        self.assertIsInstance(account, WitnessFacts)
        self.assertIn(error, account.error)
        self.assertEqual(account.looks, 0)

    def test_what_it_says_becomes_facts(self) -> None:
        *seen, account = self.play(
            f"{_OK} for i in arm parent cgroup enter leave; do read line; echo ok; done; read drain"
            """
            echo '{"cgroup":7,"pid":12,"phase":1,"samples":{"ext":9,"bypass":1}}'
            echo '{"cgroup":7,"pid":0,"phase":1,"samples":{"fair":2}}'
            echo '{"cpu":0,"phase":0,"idle_ns":5}'
            echo '{"cpu":0,"phase":1,"idle_ns":0}'
            printf '%s' '{"cpu":1,"phase":1,"idle_ns":90,"wasted_ns":80,"longest_ns":60,'
            echo '"longest_ended_ns":1234,"waiting":"w0.0.1[12]"}'
            printf '%s' '{"held":1,"class":"realtime","pid":13,"started_ns":100,"ended_ns":300,'
            echo '"comm":"w0.1.0"}'
            echo ok; read quit
            echo '{"looks":500,"late":1,"dropped":2,"cost_ns":3}'; echo ok"""
        )
        (told,) = seen
        found = seen_in([decode(Sightings, encode(told))])
        own, others = found.ran_under
        before, during = found.idleness
        self.assertEqual((own.step, own.cgroup, own.pid), (0, "cg", 12))
        self.assertEqual(own.samples, {"ext": 9, "bypass": 1})
        self.assertIsNone(others.pid)
        self.assertLess(own.started_ns, own.ended_ns)
        self.assertEqual((before.step, before.cpus), (None, (CpuIdleness(0, 5),)))
        self.assertEqual(before.ended_ns, during.started_ns)
        self.assertEqual((during.step, during.started_ns), (0, own.started_ns))
        wasted = CpuIdleness(1, 90, 80, 60, 1234, "w0.0.1[12]")
        self.assertEqual(during.cpus, (CpuIdleness(0, 0), wasted))
        self.assertEqual(found.holds, (Hold(1, "realtime", "w0.1.0", 13, 100, 300),))
        self.assertEqual(found.problem, "")
        self.assertEqual((account.error, account.period_ns), ("", period_ns(2)))
        self.assertEqual(
            (account.looks, account.late, account.dropped, account.cost_ns), (500, 1, 2, 3)
        )
        self.assertLessEqual(account.started_ns, before.started_ns)

    def test_what_was_told_before_is_not_told_again(self) -> None:
        *seen, _ = self.play(
            f"{_OK} for i in arm parent cgroup enter leave; do read line; echo ok; done; read drain"
            """
            echo '{"cgroup":7,"pid":12,"phase":1,"samples":{"ext":9}}'; echo ok; read quit
            echo '{"cgroup":7,"pid":12,"phase":2,"samples":{"ext":1}}'
            echo '{"looks":500,"late":1,"dropped":2,"cost_ns":3}'; echo ok"""
        )
        first, second = seen
        self.assertEqual((first.first, len(first.phases), first.cgroups), (0, 2, {"7": "cg"}))
        self.assertEqual((second.first, len(second.phases), second.cgroups), (2, 1, {}))
        self.assertEqual([each.step for each in seen_in(seen).ran_under], [0, None])

    def test_it_is_told_what_happens(self) -> None:
        log = Path(self.create_tempfile().full_path)
        self.play(f'{_OK} while read line; do echo "$line" >> {log}; echo ok; done')
        first, *rest = log.read_text().splitlines()
        self.assertEqual(first.split()[:2], ["arm", str(period_ns(2))])
        asked = ["parent 41", "cgroup 7", "phase 1", "phase 2", "drain", "quit"]
        self.assertEqual(rest, asked)

    def test_a_program_that_is_not_there(self) -> None:
        (account,) = self.play_with("/no/such/witness")
        self.assertIn("cannot look: ", account.error)
        self.assertIn("No such file", account.error)

    def test_a_kernel_that_takes_no_programs(self) -> None:
        self.assert_error(
            "echo 'error cannot load the programs: Invalid argument'",
            "cannot look: cannot load the programs: Invalid argument",
        )

    def test_a_program_that_ends_at_once(self) -> None:
        self.assert_error("exit 3", "cannot look: no load of its programs: it ended")

    def test_a_timer_that_does_not_start(self) -> None:
        self.assert_error(
            f"{_OK} read arm; echo 'error cannot start the timer: Operation not supported'; cat",
            "stopped looking: cannot start the timer: Operation not supported",
        )

    def test_a_program_that_dies_on_the_way(self) -> None:
        self.assert_error(f"{_OK} read a; echo ok; read b; echo ok", "stopped looking: ")

    def test_one_that_nobody_wants_says_nothing(self) -> None:
        program = self.program(f"{_OK} cat")
        with self.leaves_nothing_open():
            witness = Witness(Reactor(), program)
            witness.load()
            witness.dismiss()
            # nor does it write to whoever opens a file next
            pipes = [os.pipe2(os.O_NONBLOCK) for _ in range(4)]
            witness.measure("cg", 7)
            self.assert_none_written(pipes)
            del witness

    def test_many_cpus_are_looked_at_less_often(self) -> None:
        self.assertEqual(period_ns(1), period_ns(2))
        self.assertLess(period_ns(2), period_ns(64))

    def test_a_scenario_without_trace_turns_it_too(self) -> None:
        tree, turned = CgroupTree(self.create_tempdir().full_path), []

        class _Seen(Witness):
            def turn(self, step: int | None) -> None:
                turned.append(step)

        view = TopologyView.of(Topology.parse("1n1l1c1t"))
        stage = Stage(view, 1.0, 1, seed=1, collect_s=1.0)
        people = Population(stage, tree, Reactor(), Sink())
        turns = Turns(
            people, tree, Reactor(), Sink(), trace=False, witness=_Seen(Reactor(), "/none")
        )
        self.assertIsNotNone(tree.on_create)
        turns.enter(3)
        turns.leave()
        turns.leave()
        turns.finish()
        self.assertEqual(turned, [3, None])
        self.assertIsNone(tree.on_create)


if __name__ == "__main__":
    absltest.main()
