# SPDX-License-Identifier: Apache-2.0
"""What of a run in real time is to fail once more, and whether a second run failed likewise."""

from __future__ import annotations

import dataclasses
from typing import Any

from absl.testing import absltest, parameterized

from ktstr.execute.outcome import Outcome
from ktstr.execute.real_causes import RealCause, real_cause_of, second_of
from ktstr.host.accel import Accel
from ktstr.host.ending import Ending, EndingKind
from ktstr.introspect.postmortem.state import PostMortem, TaskStack
from ktstr.introspect.replay.cause import What
from ktstr.introspect.snapshot.state import Snapshot, Task
from ktstr.judge.judgement import Judgement
from ktstr.model.verdict.checks import Checks, Detail, ExpectFail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.recording import Labour
from ktstr.record.run import RunRecord
from ktstr.vm.deadlines import Deadline
from tests.support.plans import plan

_STALL = Detail(
    Kind.SCHEDULER_EJECTED,
    "runnable task stall (hog0[57] failed to run for 1.003s)",
    subject="SCX_EXIT_ERROR_STALL",
)
_ERROR = Detail(Kind.SCHEDULER_EJECTED, "scx_bpf_error: no place", subject="SCX_EXIT_ERROR_BPF")
_STARVED = Detail(Kind.STARVED, "w0.0.1 did nothing", subject="cg_0 worker 0.1", pid=61)


def _outcome(detail: Detail | None, verdict: Verdict = Verdict.FAIL, **changes: Any) -> Outcome:
    run = RunRecord(plan(), Accel.TCG, Ending(EndingKind.EXITED))
    details = () if detail is None else (detail,)
    return Outcome(dataclasses.replace(run, **changes), Judgement(verdict, details), {})


def _hung(late: str) -> Outcome:
    """A run whose deadline was over, as ktstr/judge/run/completeness.py tells of it."""
    said = f"the guest hangs: deadline {late!r} passed, its last sign was 'test_start'"
    return _outcome(Detail(Kind.HANG, said), ending=Ending(EndingKind.DEADLINE, late))


class RealCausesTest(parameterized.TestCase):
    def cause(self, detail: Detail, **changes: Any) -> RealCause:
        found = real_cause_of(_outcome(detail, **changes))
        assert isinstance(found, RealCause), found
        return found

    def test_an_ejection_is_about_whom_its_words_name(self) -> None:
        found = self.cause(_STALL)
        self.assertEqual((found.cause.what, found.waits_ns), (What.EJECTED, 0))
        self.assertEqual((found.cause.comm, found.cause.pid), ("hog0", 57))
        self.assertEqual(self.cause(_ERROR).cause.pid, 0)

    def test_a_panic_has_the_functions_of_its_post_mortem(self) -> None:
        stack = TaskStack(41, "sh", 0, ("panic+0x5", "bpf:x+0x1", "do_it+0x3"))
        asleep = TaskStack(42, "sh", None, ("schedule+0x5",))
        looked = PostMortem("", Snapshot("", 0, ""), stacks=(stack, asleep))
        found = self.cause(Detail(Kind.PANIC, "it panicked"), post_mortem=looked)
        self.assertEqual(found.cause.callers, ("panic", "do_it"))

    def test_a_hang_waits_for_a_wait_of_the_agent_or_of_who_waited_longest(self) -> None:
        hang = Detail(Kind.HANG, "the test's body: not reached")
        found = self.cause(hang)
        self.assertEqual((found.waits_ns, found.subject), (300_000_000, "ktstr-agent"))
        task = Task(57, 57, "hog0", "runnable", "ext", 0, queue="DSQ 0", waiting_ns=5)
        looked = PostMortem("", Snapshot("", 9, "", (task,)))
        self.assertEqual(self.cause(hang, post_mortem=looked).subject, "hog0")
        thread = dataclasses.replace(task, comm="kworker/0:1", kernel_thread=True)
        found = self.cause(hang, post_mortem=PostMortem("", Snapshot("", 9, "", (thread,))))
        self.assertEqual((found.subject, found.kernel_thread), ("kworker/", True))

    def test_a_worker_without_a_cpu_is_waited_for_as_long_as_its_limit(self) -> None:
        starved = self.cause(_STARVED)
        self.assertEqual((starved.waits_ns, starved.cause.pid), (300_000_000, 61))
        stuck = Detail(Kind.STUCK, "w0.0.0 was stuck")
        found = self.cause(stuck, plan=plan(checks=Checks(max_gap_ms=250)))
        self.assertEqual((found.waits_ns, found.subject), (250_000_000, "w"))
        self.assertEqual(
            real_cause_of(_outcome(stuck, plan=plan(checks=Checks()))),
            "nobody knows for how long a worker may go without a CPU",
        )

    @parameterized.parameters(
        ("oops", What.CRASHED),
        ("warning", What.WARNED),
    )
    def test_what_the_kernel_logs_is_known_by_its_kind(self, subject: str, what: What) -> None:
        detail = Detail(Kind.KERNEL_LOG, "it says something", subject=subject)
        self.assertEqual(self.cause(detail).cause.what, what)

    def test_a_message_without_a_function_says_so(self) -> None:
        found = real_cause_of(_outcome(Detail(Kind.KERNEL_LOG, "stall", subject="rcu_stall")))
        self.assertEqual(found, "no function is known at which the kernel says rcu_stall")

    def test_no_event_needs_no_second_run(self) -> None:
        self.assertEqual(real_cause_of(_outcome(Detail(Kind.WAKE_LATENCY, "p99 is 20 ms"))), "")
        self.assertEqual(real_cause_of(_outcome(_STALL, Verdict.PASS)), "")
        self.assertEqual(real_cause_of(_outcome(None)), "")

    def test_what_came_of_the_second_run(self) -> None:
        first = _outcome(_STALL)
        again = second_of(first, _outcome(_STALL))
        self.assertEqual((again.again, again.came), (True, _STALL.message))
        self.assertEqual(again.by, "the kernel's own kind, SCX_EXIT_ERROR_STALL")
        assert again.cause is not None
        self.assertEqual(again.cause.pid, 57)
        other = second_of(first, _outcome(_STARVED))
        self.assertEqual((other.again, other.came), (False, "w0.0.1 did nothing"))
        self.assertEqual(other.by, "their kinds")
        late = second_of(first, _outcome(Detail(Kind.WAKE_LATENCY, "p99 is 20 ms")))
        self.assertEqual((late.came, late.cause), ("p99 is 20 ms", None))
        passed = second_of(first, _outcome(None, Verdict.PASS))
        self.assertEqual((passed.again, passed.came, passed.problem, passed.by), (False, *[""] * 3))
        expected = _outcome(None, Verdict.PASS, plan=plan(expect_fail=ExpectFail(Kind.STUCK)))
        self.assertEqual(second_of(first, expected).came, "the one that the test expects")
        unknown = second_of(
            first,
            _outcome(Detail(Kind.INFRA, "QEMU died", Verdict.INCONCLUSIVE), Verdict.INCONCLUSIVE),
        )
        self.assertEqual(unknown.problem, "the second run came to no verdict: QEMU died")

    def test_a_recorder_that_takes_too_long_is_no_other_failure(self) -> None:
        late = Deadline(Labour.CALLBACKS, 70.0, 0.0).describe()
        stopped = _hung(late)
        found = second_of(_outcome(_STALL), stopped)
        why = "the second run came no further than the recording of the scheduler's callbacks"
        self.assertEqual((found.again, found.came, found.problem), (False, "", why))
        # one that hung without it may hang in its labour, if the same does not go on
        set_up = _hung(Deadline("scheduler and scenario set-up", 70.0, 0.0).describe())
        self.assertEqual(second_of(set_up, stopped).problem, why)
        agent = Task(1, 1, "ktstr-agent", "runnable", "rt", 0, queue="CPU 0", waiting_ns=10**9)
        looked = PostMortem("", Snapshot("", 9, "", (agent,)))
        first, again = (
            dataclasses.replace(each, run=dataclasses.replace(each.run, post_mortem=looked))
            for each in (set_up, stopped)
        )
        self.assertTrue(second_of(first, again).again)


if __name__ == "__main__":
    absltest.main()
