# SPDX-License-Identifier: Apache-2.0
"""Background work of a test function: what is refused, and what is told of it in the end."""

from __future__ import annotations

import os
from typing import Any, cast
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.guest.function.background import Background
from ktstr.guest.function.claims import Claims
from ktstr.guest.function.context import Context
from ktstr.guest.function.in_vain import InVain
from ktstr.guest.function.waiting import Wait
from ktstr.guest.scenario.population import Stage
from ktstr.guest.scheduler.subject import Subject
from ktstr.guest.system.cgroups import CgroupTree
from ktstr.guest.system.hotplug import Hotplug
from ktstr.guest.system.reactor import Reactor
from ktstr.guest.workers.group import WorkerGroup
from ktstr.guest.workers.kernelstat import task_counts
from ktstr.guest.workers.reading import Counters, Reading
from ktstr.model.errors import InfraError, TestFailure, UsageError
from ktstr.model.facts import Event, ScenarioFacts, WorkerFacts
from ktstr.model.machine.cpuset import Exact
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.scenario.background import BACKGROUND
from ktstr.model.scenario.conditions import OnTimeout
from ktstr.model.scenario.limits import NO_LIMITS, Limits
from ktstr.model.scenario.scenario import CgroupDef, Scenario, Step, defs
from ktstr.model.verdict.checks import Checks
from ktstr.model.work.teams import FutexPingPong
from ktstr.model.work.types import CustomWork
from ktstr.model.work.work import ExactCpus, SmtSiblingPair, Work
from tests.support.plans import function_plan
from tests.support.sink import Sink

_VIEW = TopologyView.of(Topology.parse("1n1l2c1t"))
_ONE = Work(workers=1)


class _Case(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.sink = Sink()
        self.subject = mock.create_autospec(Subject, instance=True)
        self.subject.trouble.return_value = ""
        self.subject.ops = ""
        self.witness = mock.Mock()
        # every CPU of the small machine is there, whatever this host has
        there = mock.patch("ktstr.guest.function.background.online_cpus", return_value=_VIEW.cpus)
        self.online = there.start()
        self.addCleanup(there.stop)
        # ends at once, and reports nothing
        stage = Stage(_VIEW, 1.0, 2, seed=1, collect_s=5.0, worker="/bin/true")
        tree = CgroupTree(self.mount())
        self.background = Background(
            function_plan(),
            stage,
            tree,
            Reactor(),
            self.sink,
            cast(Subject, self.subject),
            self.witness,
        )

    def mount(self) -> str:
        folder = self.create_tempdir()
        folder.create_file("cgroup.procs")
        folder.create_file("cgroup.subtree_control")
        folder.create_file("ktstr/cgroup.subtree_control")
        return folder.full_path

    def told(self, kind: type) -> list[Any]:
        return [each for each in self.sink.facts if isinstance(each, kind)]


class ToldTest(_Case):
    def test_each_handle_and_phase_is_a_step(self) -> None:
        first = self.background.start(None, _ONE, "first", Checks(max_gap_ms=50))
        second = self.background.start(None, _ONE, "", None)
        with self.background.phase("squeezed", (first,), Checks(max_gap_ms=9)):
            self.witness.turn.assert_called_with(BACKGROUND + 2)
        self.witness.turn.assert_called_with(None)
        first.stop()
        self.background.close()
        (facts,) = self.told(ScenarioFacts)
        self.assertEqual(
            [(step.index, step.name, step.checks) for step in facts.steps],
            [
                (BACKGROUND, "first", Checks(max_gap_ms=50)),
                (BACKGROUND + 1, "outside: CpuSpin", None),
                (BACKGROUND + 2, "squeezed", Checks(max_gap_ms=9)),
            ],
        )
        self.assertEqual((facts.steps_done, facts.steps_planned, facts.error), (3, 3, ""))
        for step in facts.steps:
            self.assertLessEqual(facts.started_ns, step.started_ns)
            self.assertLessEqual(step.started_ns, step.ended_ns)
            self.assertLessEqual(step.torn_down_ns, facts.ended_ns)
        self.assertEqual([each.step for each in self.told(WorkerFacts)], [1000, 1001])
        self.assertFalse(second.runs)

    def test_workers_have_names_of_their_own(self) -> None:
        handle = self.background.start(None, _ONE, "", None)
        self.assertEqual(handle.group.label, "wbh.0")

    def test_stop_gives_the_same_again(self) -> None:
        handle = self.background.start(None, _ONE, "", None)
        self.assertIs(handle.stop(), handle.stop())
        self.assertLen(handle.stop(), 1)


class CloseTest(_Case):
    def test_what_cannot_be_ended_leaves_nothing_else(self) -> None:
        handles = [self.background.start(None, _ONE, name, None) for name in ("a", "b", "c")]
        self.background.make("load", None, NO_LIMITS, None)
        collected = mock.Mock(side_effect=(OSError(5, "its file is lost"), InfraError("stuck"), []))
        with (
            mock.patch.object(WorkerGroup, "collect", collected),
            mock.patch.object(CgroupTree, "remove", side_effect=InfraError("load is busy")),
            mock.patch.object(CgroupTree, "facts"),
        ):
            self.background.close()
        self.assertFalse(any(handle.runs for handle in handles))
        self.assertEqual(collected.call_count, 3)
        (facts,) = self.told(ScenarioFacts)
        self.assertEqual(
            facts.error,
            "the end of background work failed: [Errno 5] its file is lost; stuck; load is busy",
        )
        self.assertEqual([step.name for step in facts.steps], ["a", "b", "c"])

    def test_all_that_a_function_leaves_is_ended(self) -> None:
        stage = Stage(_VIEW, 1.0, 2, seed=1, collect_s=5.0, worker="/bin/true")
        subject = cast(Subject, self.subject)
        tree = CgroupTree(self.mount())
        context = Context(function_plan(), stage, tree, Reactor(), self.sink, subject)
        handle = context.start(_ONE)
        context.claim("rate", 3)
        with (
            mock.patch.object(Claims, "close", side_effect=InfraError("nobody listens")),
            mock.patch.object(Hotplug, "restore", side_effect=InfraError("CPU 1 is gone")),
            self.assertRaisesRegex(InfraError, "^nobody listens; CPU 1 is gone$"),
        ):
            context.close()
        self.assertFalse(handle.runs)


class RefusedTest(_Case):
    @parameterized.parameters(
        (Work(FutexPingPong(), workers=3), "3 workers do not make whole groups of 2"),
        (Work(CustomWork("mine"), workers=1), "there is no such work type"),
        (Work(nice=99, workers=1), "nice 99 is not within"),
    )
    def test_work_that_cannot_run(self, work: Work, words: str) -> None:
        with self.assertRaisesRegex(UsageError, f"background work: .*{words}"):
            self.background.start(None, work, "", None)
        self.assertEmpty(self.told(WorkerFacts))

    def test_checks_that_nothing_can_meet(self) -> None:
        with self.assertRaisesRegex(UsageError, "max_gap_ms is -1"):
            self.background.start(None, _ONE, "", Checks(max_gap_ms=-1))

    def test_a_cgroup_that_a_scenario_makes_too(self) -> None:
        self.background.make("load", None, NO_LIMITS, None)
        with self.assertRaisesRegex(UsageError, "cgroup 'load' of the scenario is the name of"):
            self.background.check_beside(defs(CgroupDef("load")))
        self.background.check_beside(defs(CgroupDef("other")))
        with self.assertRaisesRegex(UsageError, "'load' exists already"):
            self.background.make("load", None, NO_LIMITS, None)

    def test_a_scenario_within_a_phase(self) -> None:
        handle = self.background.start(None, _ONE, "", None)
        with self.background.phase("one", (handle,), None):
            with self.assertRaisesRegex(UsageError, r"run\(\) within phase 'one'"):
                self.background.check_beside(defs(CgroupDef("a")))
            other = self.background.phase("two", (handle,), None)
            with self.assertRaisesRegex(UsageError, "phase 'two': phase 'one' has not ended"):
                other.__enter__()
        self.background.check_beside(defs(CgroupDef("a")))

    def test_more_steps_than_there_are_numbers(self) -> None:
        scenario = Scenario((Step(),) * BACKGROUND)
        with self.assertRaisesRegex(UsageError, "1000 steps; beside background work"):
            self.background.check_beside(scenario)

    @parameterized.parameters("read()", "wait()", "phase()")
    def test_what_has_been_stopped(self, operation: str) -> None:
        handle = self.background.start(None, _ONE, "spin", None)
        handle.stop()
        with self.assertRaises(UsageError) as caught:
            match operation:
                case "read()":
                    handle.read()
                case "wait()":
                    handle.wait(iterations=1, timeout=1)
                case _:
                    with self.background.phase("late", (handle,), None):
                        pass
        self.assertEqual(str(caught.exception), f"{operation}: spin has been stopped")

    def test_a_wait_for_nothing(self) -> None:
        handle = self.background.start(None, _ONE, "spin", None)
        with self.assertRaisesRegex(UsageError, r"wait\(\) for nothing of spin"):
            handle.wait(timeout=1)
        with self.assertRaisesRegex(UsageError, "timeout is 0"):
            handle.wait(iterations=1, timeout=0)


class ChangeTest(_Case):
    def setUp(self) -> None:
        super().setUp()
        # that the kernel takes them is shown in a real guest
        files = ("create", "set_cpuset", "set_limits")
        for name in files:
            self.enter_context(mock.patch.object(CgroupTree, name))

    @parameterized.parameters(
        ("set_cpuset", Exact(frozenset()), "no CPU is named"),
        ("set_cpuset", Exact(frozenset({7})), "7"),
        ("set_cpuset", Exact(frozenset({1})), "then 'load/in' has CPUs 0, and what"),
        ("set_affinity", ExactCpus(frozenset({7})), "names none of the CPUs 0-1"),
        ("set_affinity", ExactCpus(frozenset()), "names none of the CPUs 0-1"),
        ("set_affinity", SmtSiblingPair(), "needs a core with two threads"),
        ("set_limits", Limits(weight=0), "weight 0 is not within 1 to 10000"),
        ("set_limits", Limits(io_weight=9), "the target has no disk"),
        ("set_limits", Limits(mems=(3,)), "mems names the NUMA nodes 3; the machine"),
    )
    def test_what_no_scenario_could_change_a_cgroup_to(
        self, operation: str, given: Any, words: str
    ) -> None:
        load = self.background.make("load", None, NO_LIMITS, None)
        load.cgroup("in", Exact(frozenset({0})))
        refused = rf"^background work: {operation}\(\) of cgroup 'load': .*{words}"
        with self.assertRaisesRegex(UsageError, refused):
            getattr(load, operation)(given)

    def test_an_affinity_outside_of_the_cgroup(self) -> None:
        load = self.background.make("load", Exact(frozenset({0})), NO_LIMITS, None)
        with self.assertRaisesRegex(UsageError, "'load': .*names none of the CPUs 0 that"):
            load.set_affinity(ExactCpus(frozenset({1})))

    def test_limits_of_now_count_for_what_comes(self) -> None:
        load = self.background.make("load", None, NO_LIMITS, None)
        load.set_limits(Limits(mems=(0,)))
        load.set_limits(Limits(weight=7))
        self.assertEqual(load.definition.limits, Limits(mems=(0,), weight=7))

    def test_what_has_a_child_is_not_removed(self) -> None:
        load = self.background.make("load", None, NO_LIMITS, None)
        load.cgroup("in")
        with self.assertRaisesRegex(UsageError, "has the child 'load/in'; remove that first"):
            load.remove()
        load.set_cpuset(None)

    def test_what_is_frozen_is_not_frozen_again(self) -> None:
        load = self.background.make("load", None, NO_LIMITS, None)
        with self.assertRaisesRegex(UsageError, "'load' is not frozen at this point"):
            load.thaw()
        with (
            mock.patch.object(self.background.people, "is_frozen", return_value=True),
            self.assertRaisesRegex(UsageError, "'load' is frozen already"),
        ):
            load.freeze()

    def test_workers_that_were_bound_before_a_change_are_no_fault_of_what_comes(self) -> None:
        load = self.background.make("load", Exact(frozenset({0})), NO_LIMITS, None)
        with mock.patch.object(CgroupTree, "place"):
            load.start(Work(workers=1, affinity=ExactCpus(frozenset({0}))))
        load.set_cpuset(Exact(frozenset({1})))
        self.background.start(None, _ONE, "", None)
        load.set_limits(Limits(weight=7))

    def test_a_cpu_that_went_away_is_no_fault_of_what_is_begun_elsewhere(self) -> None:
        self.background.make("load", Exact(frozenset({1})), NO_LIMITS, None)
        self.online.return_value = frozenset({0})
        self.background.start(None, _ONE, "", None)
        with self.assertRaisesRegex(UsageError, "cgroup 'more': none of its CPUs 1 is online"):
            self.background.make("more", Exact(frozenset({1})), NO_LIMITS, None)


class WaitTest(_Case):
    def handle_of_nobody(self) -> Any:
        return self.background.start(None, _ONE, "spin", None)

    @parameterized.parameters((OnTimeout.FAIL, TestFailure), (OnTimeout.INCONCLUSIVE, InVain))
    def test_time_that_runs_out(self, on_timeout: OnTimeout, error: type[Exception]) -> None:
        words = "waited in vain for 3 iterations of spin: 0 iterations, 0 units of work after 0.01"
        with self.assertRaisesRegex(error, words):
            self.handle_of_nobody().wait(iterations=3, timeout=0.01, on_timeout=on_timeout)
        (event,) = [each for each in self.told(Event) if each.name == "wait_timeout"]
        self.assertEqual(event.step, BACKGROUND)

    def test_going_on(self) -> None:
        handle = self.handle_of_nobody()
        met = handle.wait(work_units=3, timeout=0.01, on_timeout=OnTimeout.GO_ON)
        self.assertFalse(met)

    def test_a_lost_scheduler_ends_it(self) -> None:
        handle = self.handle_of_nobody()
        self.subject.trouble.return_value = "the scheduler is no longer attached"
        with self.assertRaisesRegex(InVain, "the wait for 3 iterations of spin ended: the sched"):
            handle.wait(iterations=3, timeout=60)
        self.assertFalse(self.background.waiter.hold(60))

    def test_what_is_met_later(self) -> None:
        looks = iter([False, False, True])
        wait = Wait("it", 60.0, OnTimeout.FAIL)
        self.assertTrue(self.background.waiter.wait(wait, lambda: next(looks), lambda: "it is"))
        (event,) = [each for each in self.told(Event) if each.name == "wait_met"]
        self.assertEqual(event.detail, "it: it is")


class ReadingTest(absltest.TestCase):
    def test_sums_and_differences(self) -> None:
        def counters(index: int, done: int, cpu_ns: int | None) -> Counters:
            return Counters(index, done, 7, 0, done, 10 * done, 5, 1, cpu_ns, 2, 1, 0)

        before = Reading(1, (counters(0, 10, 100), counters(1, 20, 100)))
        after = Reading(2, (counters(0, 15, 150), counters(1, 40, None)))
        added = after.since(before)
        self.assertEqual((added.iterations, added.work_units), (25, 250))
        self.assertEqual((before.cpu_ns, added.cpu_ns, added.migrations), (200, None, 0))
        self.assertEqual([each.cpu_ns for each in added.workers], [50, None])

    def test_what_the_kernel_counts_of_a_task(self) -> None:
        cpu_ns, _, run_count, _ = task_counts(os.getpid())
        assert cpu_ns is not None and run_count is not None
        self.assertGreater(min(cpu_ns, run_count), 0)
        for nobody in (0, 1 << 30):
            self.assertEqual(task_counts(nobody), (None,) * 4)


if __name__ == "__main__":
    absltest.main()
