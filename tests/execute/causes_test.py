# SPDX-License-Identifier: Apache-2.0
"""What of a failed run is looked at again: which instant, which function, which task."""

from __future__ import annotations

import dataclasses
from typing import Any

from absl.testing import absltest, parameterized

from ktstr.execute.causes import cause_of
from ktstr.execute.outcome import Outcome
from ktstr.host.accel import Accel
from ktstr.host.ending import Ending, EndingKind
from ktstr.introspect.invariants.findings import Broken, InvariantFindings
from ktstr.introspect.monitor.series import How, IdleLooks, IdleWait, MonitorSeries
from ktstr.introspect.postmortem.state import PostMortem, TaskStack
from ktstr.introspect.replay.cause import Anchor, Cause, Moment, Moments, What
from ktstr.introspect.snapshot.state import Snapshot, Task
from ktstr.judge.judgement import Judgement
from ktstr.model.facts import CgroupFacts
from ktstr.model.verdict.checks import Checks, Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from tests.support import runs
from tests.support.plans import plan

_S, _MS = 1_000_000_000, 1_000_000
# virtual time is 1 s ahead of a runqueue's clock, and 2 s of CLOCK_MONOTONIC
_ANCHOR = Anchor(10 * _S, 9 * _S, 8 * _S)
_EJECTED = Moment("scx_ops_exit_kind", 1, 20 * _S, 1026)
_STALL = "runnable task stall (hog0[57] failed to run for 1.003s)"


def _outcome(detail: Detail, verdict: Verdict = Verdict.FAIL, **changes: Any) -> Outcome:
    run = RunRecord(plan(), Accel.VIRTUAL, Ending(EndingKind.EXITED))
    return Outcome(dataclasses.replace(run, **changes), Judgement(verdict, (detail,)), {})


def _task(**what: Any) -> Task:
    return Task(57, 57, "hog0", "runnable", "ext", 0, **what)


class CausesTest(parameterized.TestCase):
    def cause(self, outcome: Outcome, **how: Any) -> Cause:
        found = cause_of(outcome, **how)
        assert isinstance(found, Cause), found
        return found

    def test_an_ejection_is_the_first_for_an_error_and_about_whom_its_words_name(self) -> None:
        unloaded = dataclasses.replace(_EJECTED, at_ns=_S, number=64)
        snapshot = Snapshot("it fails", 19 * _S, "6.12", (_task(waiting_ns=_S),))
        found = self.cause(
            _outcome(
                Detail(Kind.SCHEDULER_EJECTED, _STALL),
                moments=Moments((unloaded, _EJECTED), _ANCHOR),
                snapshots=(snapshot,),
            )
        )
        self.assertEqual((found.what, found.exact), (What.EJECTED, True))
        self.assertEqual((found.function, found.at_ns), ("scx_ops_exit_kind", 20 * _S))
        self.assertEqual((found.pid, found.comm, found.since_ns), (57, "hog0", 19 * _S))

    def test_an_ejection_for_no_error_is_one_too(self) -> None:
        left, replaced = (dataclasses.replace(_EJECTED, at_ns=_S, number=n) for n in (64, 65))
        for number in (66, 67):
            thrown = dataclasses.replace(_EJECTED, number=number)
            moments = Moments((left, replaced, thrown), _ANCHOR)
            detail = Detail(Kind.SCHEDULER_EJECTED, "cpu 1 going offline, exiting scheduler")
            self.assertEqual(self.cause(_outcome(detail, moments=moments)).at_ns, 20 * _S)
        kept = _outcome(detail, moments=Moments((left, replaced), _ANCHOR))
        self.assertEqual(cause_of(kept), "nobody saw the kernel throw the scheduler out")

    def test_a_panic_begins_where_the_kernel_crashed(self) -> None:
        moments = Moments((Moment("oops_enter", 0, 5, 0), Moment("panic", 0, 9, 0)))
        stack = TaskStack(
            41, "sh", 0, ("panic+0x5", "bpf:x+0x1", "f.cold+0x1", "0x12", "do_it+0x3")
        )
        found = self.cause(
            _outcome(
                Detail(Kind.PANIC, "the kernel panicked"),
                moments=moments,
                post_mortem=PostMortem("", Snapshot("", 0, ""), stacks=(stack,)),
            )
        )
        self.assertEqual((found.what, found.function, found.at_ns), (What.CRASHED, "oops_enter", 5))
        self.assertEqual(found.callers, ("panic", "do_it"))

    def test_a_warning_is_where_the_kernel_warns(self) -> None:
        moments = Moments((Moment("__warn", 1, 7, 0),))
        detail = Detail(Kind.KERNEL_LOG, "WARNING: ...", subject="warning")
        self.assertEqual(self.cause(_outcome(detail, moments=moments)).what, What.WARNED)

    def test_of_several_warnings_it_is_that_of_the_line_that_the_kernel_named(self) -> None:
        found = (Moment("__warn", 1, 7, 1796), Moment("__warn", 0, 9, 0xABCD << 32 | 2208))
        for words in (
            "WARNING: CPU: 1 PID: 77 at kernel/sched/ext.c:2208 set_next_task_scx+0x5a/0xd0",
            "WARNING: kernel/sched/ext.c:2208 at set_next_task_scx+0x5a/0xd0, CPU#1: media serv/77",
        ):
            detail = Detail(Kind.KERNEL_LOG, words, subject="warning")
            cause = self.cause(_outcome(detail, moments=Moments(found)))
            self.assertEqual((cause.what, cause.at_ns), (What.WARNED, 9))
            unseen = cause_of(_outcome(detail, moments=Moments(found[:1])))
            self.assertEqual(unseen, "nobody saw the kernel say it")

    def test_a_hang_is_looked_at_from_when_the_agent_waited(self) -> None:
        agent = dataclasses.replace(
            _task(queue="DSQ 0", waiting_ns=40 * _S, last_ran_ns=40 * _S),
            pid=47,
            comm="ktstr-agent",
        )
        other = _task(queue="DSQ 0", waiting_ns=50 * _S)
        snapshot = Snapshot("", 60 * _S, "6.12", (other, agent))
        found = self.cause(
            _outcome(
                Detail(Kind.HANG, "the test's body: not reached"),
                moments=Moments((), _ANCHOR),
                post_mortem=PostMortem("", snapshot),
            )
        )
        self.assertEqual((found.pid, found.comm, found.exact), (47, "ktstr-agent", False))
        self.assertEqual((found.since_ns, found.at_ns), (21 * _S, 21 * _S + 300 * _MS))
        self.assertTrue(found.waits)

    @parameterized.parameters(
        (5 * _S, 56 * _S + 300 * _MS, True), (_MS, 21 * _S + 300 * _MS, False)
    )
    def test_a_hang_is_looked_at_while_its_task_waits(self, waits: int, at: int, so: bool) -> None:
        late = _task(queue="DSQ 0", waiting_ns=waits, last_ran_ns=40 * _S)
        found = self.cause(
            _outcome(
                Detail(Kind.HANG, "the test's body: not reached"),
                moments=Moments((), _ANCHOR),
                post_mortem=PostMortem("", Snapshot("", 60 * _S, "6.12", (late,))),
            )
        )
        self.assertEqual((found.since_ns, found.at_ns, found.waits), (21 * _S, at, so))

    def test_a_broken_invariant_is_looked_at_from_shortly_before(self) -> None:
        broken = Broken("rq-nr", "", "", True, "return of enqueue_task_scx", 1, 15 * _S, "w", 61)
        detail = Detail(Kind.INVARIANT, "rq-nr did not hold", subject="rq-nr")
        found = self.cause(
            _outcome(
                detail, moments=Moments((), _ANCHOR), invariants=InvariantFindings(broken=(broken,))
            )
        )
        self.assertEqual((found.function, found.pid), ("enqueue_task_scx", 61))
        self.assertBetween(found.at_ns, 16 * _S - 20 * _MS, 16 * _S - _MS)

    def test_a_gap_passes_its_limit_at_a_known_instant(self) -> None:
        worker = runs.worker(pid=61, max_gap_ns=_S, max_gap_at_ns=30 * _S)
        found = self.cause(
            _outcome(
                Detail(Kind.STUCK, "w0.0.0 was stuck", pid=worker.pid),
                plan=plan(checks=Checks(max_gap_ms=250)),
                workers=(worker,),
                moments=Moments((), _ANCHOR),
            )
        )
        self.assertEqual((found.since_ns, found.at_ns), (31 * _S, 31 * _S + 250 * _MS))
        self.assertEqual(found.waits, worker.cpu_hungry)

    @parameterized.parameters((True, 0, True), (True, 1, False), (False, 0, False))
    def test_who_goes_without_a_cpu_waits_unless_it_may_sleep_or_be_frozen(
        self, hungry: bool, frozen: int, waits: bool
    ) -> None:
        worker = runs.worker(pid=61, cpu_hungry=hungry, max_gap_ns=_S, max_gap_at_ns=30 * _S)
        groups = (CgroupFacts(worker.cgroup, 0, "", "0-1", 100, frozen_ns=frozen),)
        for kind in (Kind.STUCK, Kind.STARVED):
            found = self.cause(
                _outcome(
                    Detail(kind, "w0.0.0", pid=worker.pid),
                    plan=plan(checks=Checks(max_gap_ms=250)),
                    workers=(worker,),
                    cgroups=groups,
                    moments=Moments((), _ANCHOR),
                )
            )
            self.assertEqual(found.waits, waits)

    @parameterized.parameters(
        (Kind.RUNQUEUE_STALL, "CPU 3", {3}),
        (Kind.IMBALANCE, "CPUs 0-1,3", {0, 1, 3}),
        (Kind.FALLBACK_RATE, "SCX_EV_SELECT_CPU_FALLBACK", set()),
    )
    def test_a_limit_of_what_the_monitor_saw_is_passed_at_its_instant(
        self, kind: Kind, subject: str, cpus: set[int]
    ) -> None:
        detail = Detail(kind, "it was too much", subject=subject, at_ns=30 * _S)
        checks = plan(checks=Checks(sustained_ms=250))
        found = self.cause(_outcome(detail, plan=checks, moments=Moments((), _ANCHOR)))
        self.assertEqual((found.what, found.exact), (What.PASSED, False))
        self.assertEqual((found.since_ns, found.at_ns), (32 * _S - 250 * _MS, 32 * _S))
        self.assertEqual((found.cpus, found.pid, found.waits), (cpus, 0, False))
        self.assertEqual(cause_of(_outcome(detail)), "nobody saw the guest's clocks")

    def test_a_cpu_that_goes_idle_beside_a_task_is_looked_at_where_it_does(self) -> None:
        waits = (IdleWait(30 * _S, 0, 60, "x", 1, 9), IdleWait(30 * _S, 1, 61, "w", 0, 40 * _MS))
        monitor = MonitorSeries(How.PLUGIN, idle=IdleLooks(2, 0, 0, waits))
        detail = Detail(Kind.IDLE_BESIDE_WAIT, "it waited", subject="CPU 1", at_ns=30 * _S)
        found = self.cause(_outcome(detail, monitor=monitor, moments=Moments((), _ANCHOR)))
        self.assertEqual((found.function, found.pid, found.comm), ("set_next_task_idle", 61, "w"))
        self.assertEqual((found.at_ns, found.since_ns), (32 * _S - 1_000, 32 * _S - 40 * _MS))
        self.assertTrue(found.waits)

    @parameterized.parameters(
        (Detail(Kind.SCHEDULER_EJECTED, _STALL), "nobody saw the kernel throw the scheduler out"),
        (Detail(Kind.PANIC, "x"), "nobody saw the kernel panic"),
        (Detail(Kind.KERNEL_LOG, "x", subject="rcu_stall"), "no function is known at which"),
        (Detail(Kind.KERNEL_LOG, "x", subject="oops"), "nobody saw the kernel say it"),
        (Detail(Kind.HANG, "x"), "nobody saw in which state the guest hung"),
        (Detail(Kind.INVARIANT, "x", subject="y"), "no record says where it did not hold"),
        (Detail(Kind.STARVED, "x"), "no worker is known that it is about"),
        (Detail(Kind.STUCK, "x"), "nobody knows when it went without a CPU"),
    )
    def test_what_is_not_known_is_said(self, detail: Detail, why: str) -> None:
        found = cause_of(_outcome(detail))
        assert isinstance(found, str)
        self.assertStartsWith(found, why)

    def test_a_threshold_is_looked_at_where_somebody_asks(self) -> None:
        late = _outcome(Detail(Kind.WAKE_LATENCY, "p99 is 20 ms"))
        self.assertEqual(cause_of(late), "")
        self.assertEqual(cause_of(late, thresholds=True), "the scenario did not come to its end")

    def test_what_did_not_fail_is_not_looked_at(self) -> None:
        detail = Detail(Kind.SCHEDULER_EJECTED, _STALL)
        self.assertEqual(cause_of(_outcome(detail, Verdict.PASS)), "")
        self.assertEqual(cause_of(_outcome(detail, Verdict.INCONCLUSIVE)), "")


if __name__ == "__main__":
    absltest.main()
