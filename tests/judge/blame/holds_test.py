# SPDX-License-Identifier: Apache-2.0
"""Gaps, stalls and lockups whose CPU was held by a task above all schedulers."""

from __future__ import annotations

import dataclasses
from typing import Any

from absl.testing import absltest, parameterized

from ktstr.console.findings import ConsoleFinding, ConsoleKind
from ktstr.judge.judge import judge
from ktstr.model.facts import Event
from ktstr.model.scheduler_phase import SchedulerPhase
from ktstr.model.verdict.checks import Checks, Detail, ExpectFail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.events import EventName
from ktstr.model.wire.witness import Hold
from ktstr.record.run import RunRecord
from tests.support import runs

S, MS = runs.S, runs.MS
_DUMP = """\
CPU 0   : nr_run=1 flags=0x1 cpu_rel=0 ops_qseq=12 pnt_seq=30
          curr=spin[77] class=rt_sched_class

  R kworker/0:1[42] -5012ms
      scx_state/flags=3/0x9 dsq_flags=0x0 ops_state/qseq=0/0
      sticky/holding_cpu=-1/-1 dsq_id=0x8000000000000002 dsq_vtime=0
      cpus={mask}
"""


def hold(cpu: int, started_ns: int, ended_ns: int, **changes: Any) -> Hold:
    """A real-time spinner that is no worker."""
    made = Hold(cpu, "realtime", "spin", 77, started_ns, ended_ns)
    return dataclasses.replace(made, **changes)


def late_run(*holds: Hold, **changes: Any) -> RunRecord:
    """A worker went without a CPU for the second half of its second."""
    late = runs.worker(
        **{"max_gap_ns": 500 * MS, "max_gap_at_ns": 2 * S, "max_gap_cpu": 0} | changes
    )
    return runs.good_run(workers=(late, runs.worker(index=1, pid=101)), holds=holds)


def stalled_run(*holds: Hold, who: str = "ktstr-worker[100]", dump: str = "") -> RunRecord:
    """The watchdog threw the scheduler out 1.5 s after somebody had last run."""
    life = runs.scheduler(
        exit_kind="ERROR_STALL",
        exit_reason="runnable task stall",
        exit_message=f"{who} failed to run for 1.500s",
        ended_ns=2 * S,
        ended_by_us=False,
        phase=SchedulerPhase.RUN,
        dump=dump,
    )
    pinned = runs.worker(requested="policy=normal rt_priority=0 nice=0 affinity=0")
    return runs.good_run(
        workers=(pinned, runs.worker(index=1, pid=101)), schedulers=(life,), holds=holds
    )


class HoldsTest(parameterized.TestCase):
    def first(self, run: RunRecord) -> Detail:
        return judge(run).details[0]

    def test_a_gap_on_held_cpus_is_not_the_schedulers(self) -> None:
        found = self.first(late_run(hold(0, S, 2 * S), hold(1, S + 600 * MS, 2 * S)))
        self.assertEqual((found.kind, found.verdict), (Kind.HELD, Verdict.INCONCLUSIVE))
        self.assertIn("cg_0 worker 0.0 (CpuSpin) was stuck for 500.0 ms on CPU 0", found.message)
        self.assertIn("CPU 0 was held for 0.50 of 0.50 s by spin[77] (realtime)", found.message)
        self.assertIn("CPU 1 was held for 0.40 of 0.50 s by spin[77]", found.message)
        self.assertIn("no scheduler could give it a CPU", found.message)

    def test_one_that_could_have_run_elsewhere_is(self) -> None:
        found = self.first(late_run(hold(0, S, 2 * S), hold(1, 2 * S - 100 * MS, 2 * S)))
        self.assertEqual((found.kind, found.verdict), (Kind.STUCK, Verdict.FAIL))
        self.assertIn("CPU 0 was held for 0.50 of 0.50 s by spin[77] (realtime)", found.message)
        self.assertIn("but it may run on CPU 1 as well", found.message)

    def test_an_affinity_leaves_nowhere_else(self) -> None:
        pinned = "policy=normal rt_priority=0 nice=0 affinity=0"
        found = self.first(late_run(hold(0, S, 2 * S), requested=pinned))
        self.assertEqual((found.kind, found.verdict), (Kind.HELD, Verdict.INCONCLUSIVE))

    def test_a_cpu_that_was_not_there_is_nowhere_to_go(self) -> None:
        run = late_run(hold(0, S, 2 * S))
        gone = Event(S, EventName.CPU_OFFLINE, None, "1")
        found = self.first(dataclasses.replace(run, events=(gone, *run.events)))
        self.assertIs(found.kind, Kind.HELD)

    def test_cpus_that_were_held_in_turn_left_one_free(self) -> None:
        middle = S + 750 * MS
        found = self.first(late_run(hold(0, S, middle), hold(1, middle, 2 * S)))
        self.assertEqual((found.kind, found.verdict), (Kind.STUCK, Verdict.FAIL))
        self.assertIn("but for most of it not all of them at once", found.message)

    def test_a_cpu_that_went_meanwhile_is_nowhere_to_go_from_then_on(self) -> None:
        run = late_run(hold(0, S, 2 * S))
        for went_ms, kind in ((600, Kind.HELD), (900, Kind.STUCK)):
            gone = Event(S + went_ms * MS, EventName.CPU_OFFLINE, None, "1")
            found = self.first(dataclasses.replace(run, events=(gone, *run.events)))
            self.assertIs(found.kind, kind)
        self.assertIn("CPU 0 was held for 0.50 of 0.50 s", found.message)

    def test_what_the_late_one_held_itself_is_no_excuse(self) -> None:
        found = self.first(late_run(hold(0, S, 2 * S, pid=100), hold(1, S, 2 * S)))
        self.assertIs(found.kind, Kind.STUCK)
        self.assertNotIn("spin[100]", found.message)

    @parameterized.named_parameters(
        ("before", hold(0, 0, S + 500 * MS)), ("after", hold(0, 2 * S, 3 * S))
    )
    def test_holds_at_other_times_say_nothing(self, other: Hold) -> None:
        found = self.first(late_run(other, dataclasses.replace(other, cpu=1)))
        self.assertIs(found.kind, Kind.STUCK)
        self.assertNotIn("held", found.message)

    @parameterized.named_parameters(
        ("a_worker", {"pid": 101}, "spin[101] (realtime), cg_0 worker 0.1"),
        ("the_agent", {"comm": "ktstr-agent"}, "ktstr-agent[77] (realtime), ktstr's own"),
        ("the_function", {"comm": "ktstr-function"}, "the test's own function"),
        ("a_deadline_task", {"sched_class": "deadline"}, "spin[77] (deadline)"),
    )
    def test_holders_have_names(self, changes: dict[str, Any], words: str) -> None:
        found = self.first(late_run(hold(0, S, 2 * S, **changes)))
        self.assertIn(words, found.message)

    def test_several_holders_of_one_cpu(self) -> None:
        halves = (hold(0, S, S + 800 * MS), hold(0, S + 800 * MS, 2 * S, pid=78))
        self.assertIn("by spin[77] (realtime) and 1 more", self.first(late_run(*halves)).message)

    def test_a_starved_worker(self) -> None:
        lazy = {"work_units": 0, "cpu_ns": 0, "samples": 0, "ran_on": {}, "max_gap_at_ns": 0}
        found = self.first(late_run(hold(0, S, 2 * S), hold(1, S, 2 * S), **lazy, max_gap_ns=0))
        self.assertEqual((found.kind, found.verdict), (Kind.HELD, Verdict.INCONCLUSIVE))
        self.assertIn("did no work in 1000 ms", found.message)

    def test_a_stall_of_a_worker_that_had_nowhere_else_to_go(self) -> None:
        found = self.first(stalled_run(hold(0, 0, 2 * S)))
        self.assertEqual((found.kind, found.verdict), (Kind.HELD, Verdict.INCONCLUSIVE))
        self.assertIn("CPU 0 was held for 1.50 of 1.50 s", found.message)

    def test_an_ejection_on_free_cpus_is_the_schedulers(self) -> None:
        found = self.first(stalled_run(hold(1, 0, 2 * S)))
        self.assertEqual((found.kind, found.verdict), (Kind.SCHEDULER_EJECTED, Verdict.FAIL))

    @parameterized.parameters(("1", Kind.HELD), ("3", Kind.SCHEDULER_EJECTED))
    def test_a_stalled_task_of_the_kernels_by_its_cpus_in_the_dump(
        self, mask: str, kind: Kind
    ) -> None:
        dump = _DUMP.format(mask=mask)
        run = stalled_run(hold(0, 0, 2 * S), who="kworker/0:1[42]", dump=dump)
        found = self.first(run)
        self.assertIs(found.kind, kind)
        self.assertIn("CPU 0 was held", found.message)

    @parameterized.parameters("a b", "x[1]", "a[b]c", "[k]", "a: b")
    def test_stalled_tasks_of_any_name(self, name: str) -> None:
        dump = _DUMP.format(mask="1").replace("kworker/0:1", name)
        found = self.first(stalled_run(hold(0, 0, 2 * S), who=f"{name}[42]", dump=dump))
        self.assertIs(found.kind, Kind.HELD)

    def test_a_stalled_task_of_unknown_cpus_may_run_on_all(self) -> None:
        found = self.first(stalled_run(hold(0, 0, 2 * S), who="kworker/0:1[42]"))
        self.assertIs(found.kind, Kind.SCHEDULER_EJECTED)
        self.assertIn("it may run on CPU 1 as well", found.message)

    def test_a_watchdog_that_did_not_get_to_run(self) -> None:
        run = stalled_run(hold(0, 0, 2 * S), hold(1, 0, 2 * S))
        life = dataclasses.replace(
            run.schedulers[0], exit_message="watchdog failed to check in for 1.001s"
        )
        found = self.first(dataclasses.replace(run, schedulers=(life,)))
        self.assertIs(found.kind, Kind.HELD)

    def test_an_expected_ejection_that_was_somebody_elses_is_none(self) -> None:
        of = runs.plan(expect_fail=ExpectFail(Kind.SCHEDULER_EJECTED, "stall"))
        run = dataclasses.replace(stalled_run(hold(0, 0, 2 * S)), plan=of, hello=runs.hello(of))
        self.assertIs(judge(run).verdict, Verdict.INCONCLUSIVE)

    def test_a_lockup_names_who_held_the_cpu(self) -> None:
        text = "watchdog: BUG: soft lockup - CPU#1 stuck for 2s! [spin:77]"
        finding = ConsoleFinding(ConsoleKind.SOFT_LOCKUP, 9, text)
        of = runs.plan(checks=Checks(clean_kernel_log=True))
        run = runs.good_run(of, console=(finding,), holds=(hold(1, 0, 2 * S),))
        found = self.first(run)
        self.assertEqual((found.kind, found.verdict), (Kind.HELD, Verdict.INCONCLUSIVE))
        self.assertIn("CPU 1 was held for 2.00 of 2.00 s", found.message)

    def test_other_stalls_are_told_with_the_longest_hold(self) -> None:
        finding = ConsoleFinding(ConsoleKind.RCU_STALL, 9, "rcu: INFO: rcu_preempt self-detected")
        of = runs.plan(checks=Checks(clean_kernel_log=True))
        run = runs.good_run(of, console=(finding,), holds=(hold(1, 0, 2 * S),))
        found = self.first(run)
        self.assertEqual((found.kind, found.verdict), (Kind.KERNEL_LOG, Verdict.FAIL))
        self.assertIn("CPU 1 was held for 2.00 s by spin[77] (realtime)", found.message)


if __name__ == "__main__":
    absltest.main()
