# SPDX-License-Identifier: Apache-2.0
"""The page of a second run: its calls, whom it is about, and whether the failure came again."""

from typing import Any, cast
from unittest import mock

from absl.testing import absltest

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.recorder.calls import calls_of
from ktstr.introspect.recorder.layout import How
from ktstr.introspect.recorder.page import Second, page
from ktstr.introspect.recorder.stack import named
from ktstr.introspect.recorder.targets import Recording
from ktstr.introspect.recorder.told import Element, Told, told_of
from ktstr.introspect.replay.calls import Made
from ktstr.introspect.replay.cause import Cause, What
from ktstr.introspect.replay.page import Replay
from tests.introspect.recorder.support import (
    ENQUEUE,
    EXIT,
    PUT,
    TARGETS_HERE,
    entry,
    log,
    put,
    put_returns,
    stack,
    state,
    stood,
)

_STOOD = (stood(0, PUT), stood(1, ENQUEUE, program="mine_enqueue"), stood(2, EXIT, How.KPROBE))
_TEXT = {"_text": 0x1000, "_etext": 0x2000}
_AGAIN = Second(True, "then")
_CAUSE = Cause(What.EJECTED, "scheduler_ejected", "at first", 0, False, 0)
_OP = (b"w0".ljust(16, b"\0"), (61).to_bytes(4, "little"))


def _told(*elements: Element, taken: int = 9, ended: int = 0, **how: Any) -> Told:
    names = {0x9000: "bpf:on_entry+0x0", 0x9100: "bpf_trampoline_7+0x10", 0x9200: "bpf:mine+0x8"}
    return told_of((state(taken, ended, **how), *_STOOD, *elements), names.get)


def _kernel() -> Kernel:
    kernel: Any = mock.create_autospec(Kernel, instance=True)
    kernel.symbol.side_effect = _TEXT.get
    functions = {0x1: "scx_ops_exit_kind", 0x2: "put", 0x3: "schedule"}
    kernel.where.side_effect = lambda at: f"{functions[at >> 8 & 15]}+{at & 0xFF:#x}"
    return cast("Kernel", kernel)


class CallsTest(absltest.TestCase):
    def calls(self, *elements: Element, **how: Any) -> list[Made]:
        return calls_of(_told(*elements, **how), TARGETS_HERE)

    def test_a_call_has_what_was_read_at_both_ends(self) -> None:
        [made] = self.calls(put(1, at_ns=100), put_returns(2, result=3, slice_ns=0, at_ns=130))
        self.assertEqual(
            made,
            Made(
                100, 130, 0, "put", ("dsq=2", "p=w0[61]", "flags=1"), (("w0", 61),), "3",
                ("p.slice 5 -> 0",),
            ),
        )  # fmt: skip

    def test_a_call_under_way_has_no_end(self) -> None:
        outer, inner = self.calls(put(1), put(2), put_returns(3, result=1))
        self.assertEqual((outer.ended_ns, inner.ended_ns, inner.result), (None, 3, "1"))

    def test_calls_of_tasks_are_kept_apart_and_of_idle_ones_by_cpu(self) -> None:
        told = (put(1, pid=0, cpu=0), put(2, pid=0, cpu=1), put_returns(3, pid=0, cpu=0))
        ended = {made.cpu: made.ended_ns for made in self.calls(*told)}
        self.assertEqual(ended, {0: 3, 1: None})

    def test_a_return_alone_is_no_call(self) -> None:
        self.assertEqual(self.calls(put_returns(8)), [])

    def test_where_a_kprobe_saw_the_return_no_field_has_changed(self) -> None:
        probed = stood(0, PUT, How.KPROBE)
        [made] = self.calls(put(1), put_returns(2, result=4, slice_ns=0), probed)
        self.assertEqual((made.result, made.changed), ("4", ()))

    def test_a_callback_is_called_with_the_name_of_its_program(self) -> None:
        [made] = self.calls(entry(1, 1, _OP))
        self.assertEqual((made.function, made.arguments), ("enqueue (mine_enqueue)", ("p=w0[61]",)))

    def test_a_target_that_there_is_not(self) -> None:
        self.assertEqual(self.calls(entry(1, 77)), [])


class StackTest(absltest.TestCase):
    def test_it_begins_at_the_function_without_what_is_the_recorders(self) -> None:
        addresses = (0x9000, 0x9100, 0x1105, 0x9200, 0x1240, 0x9100, 0x1205, 0x1311, 0x1322, 0x7)
        names = _told().name_of
        self.assertEqual(
            named(_kernel(), addresses, names, "scx_ops_exit_kind"),
            (
                *("scx_ops_exit_kind+0x5", "bpf:mine+0x8", "put+0x40"),
                *("schedule+0x11", "schedule+0x22", "0x7"),
            ),
        )

    def test_of_another_function_all_is_there(self) -> None:
        self.assertEqual(named(_kernel(), (0x1311,), lambda _: None, "put"), ("schedule+0x11",))
        self.assertEqual(named(_kernel(), (), lambda _: None, "put"), ())


class PageTest(absltest.TestCase):
    def page(self, told: Told, second: Second = _AGAIN, missing: tuple[str, ...] = ()) -> Replay:
        recording = Recording(TARGETS_HERE, missing=missing)
        return page(_kernel(), recording, told, _CAUSE, second)

    def test_it_is_about_the_task_of_the_call_under_way(self) -> None:
        told = _told(
            put(1),
            put_returns(2),
            entry(3, 1, _OP, cpu=1),
            entry(4, 2, cpu=1, pid=70, stack=1),
            stack(1, 0x1100, 0x1205),
            log(61, "w0"),
            ended=4,
            taken=4,
        )
        made = self.page(told)
        self.assertEqual((made.again, made.failure, made.second), (True, "at first", "then"))
        self.assertEqual((made.function, made.cpu, made.at_ns), ("scx_ops_exit_kind", 1, 4))
        self.assertEqual((made.task, made.pid), ("w0", 61))
        self.assertIn("enqueue (mine_enqueue) was called for it", made.why)
        self.assertEqual(made.stack, ("scx_ops_exit_kind+0x0", "put+0x5"))
        self.assertEqual(made.stack_of, "hog[70]")
        self.assertEqual([call.took_ns for call in made.calls], [1, None, None])
        self.assertEqual((made.way, made.missing), ("programs in the guest", ()))

    def test_or_about_whom_the_message_of_the_second_run_names(self) -> None:
        named = Cause(What.EJECTED, "k", "then", 0, False, 0, pid=88, comm="w9")
        made = self.page(_told(entry(4, 2), ended=4), Second(True, "then", named))
        self.assertEqual((made.task, made.pid), ("w9", 88))

    def test_or_about_who_waited_for_too_long(self) -> None:
        told = _told(entry(4, 2), log(61, "w0"), ended=4, waited=61)
        made = self.page(told, Second(True, "then", Cause(What.PASSED, "k", "then", 0, False, 0)))
        self.assertEqual((made.task, made.pid), ("w0", 61))
        self.assertIn("had waited for a CPU", made.why)

    def test_who_waited_is_not_taken_for_who_failed(self) -> None:
        told = _told(entry(4, 2), log(61, "w0"), log(88, "w9"), ended=4, waited=61)
        failed = Cause(What.PASSED, "k", "then", 0, False, 0, pid=88)
        made = self.page(told, Second(True, "then", failed))
        self.assertEqual((made.task, made.pid), ("w9", 88))
        self.assertEndsWith(made.why, "the recording ended where w0[61] had waited too long")
        ejected = Cause(What.EJECTED, "k", "then", 0, False, 0)
        self.assertEqual(self.page(told, Second(True, "then", ejected)).task, "hog")

    def test_nobody_of_the_first_run_is_named_in_the_second(self) -> None:
        first = Cause(What.EJECTED, "k", "at first", 0, False, 0, pid=57, comm="hog0")
        told = _told(entry(4, 2, pid=70), ended=4)
        made = page(_kernel(), Recording(TARGETS_HERE), told, first, Second(False, problem="?"))
        self.assertEqual((made.task, made.pid), ("hog", 70))

    def test_a_call_whose_return_nobody_saw_is_not_under_way(self) -> None:
        unseen = stood(1, ENQUEUE, program="mine_enqueue", how_return=How.NOT)
        made = self.page(_told(unseen, entry(3, 1, _OP), entry(4, 2, pid=70), ended=4))
        self.assertEqual((made.task, made.pid, made.why), ("hog", 70, "it had CPU 0"))

    def test_nor_one_whose_return_may_have_been_missed(self) -> None:
        unseen = stood(1, ENQUEUE, program="mine_enqueue", missed=(0, 1))
        made = self.page(_told(unseen, entry(3, 1, _OP), entry(4, 2, pid=70), ended=4))
        self.assertEqual(made.task, "hog")
        shared = stood(1, ENQUEUE, How.KPROBE, program="mine_enqueue")
        elements = (shared, entry(3, 1, _OP), entry(4, 2, pid=70))
        self.assertEqual(self.page(_told(*elements, ended=4)).task, "w0")
        made = self.page(_told(*elements, ended=4, missed=(0, 2, 0)))
        self.assertEqual(made.task, "hog")

    def test_or_else_about_who_ran(self) -> None:
        made = self.page(_told(entry(4, 2, pid=70), ended=4))
        self.assertEqual((made.task, made.pid, made.why), ("hog", 70, "it had CPU 0"))

    def test_a_second_run_that_passes_has_no_instant(self) -> None:
        made = self.page(_told(put(1)), Second(False))
        self.assertEqual((made.again, made.function, made.problem), (False, "", ""))
        # nor where somebody waited for long, which was no failure then
        made = self.page(_told(put(1), entry(4, 2, pid=70), ended=4, waited=61), Second(False))
        self.assertEqual((made.again, made.function, made.pid), (False, "", 0))

    def test_another_failure_that_nothing_was_recorded_at_says_so(self) -> None:
        made = self.page(_told(put(1)), Second(False, "a worker starved"))
        self.assertEqual(made.second, "a worker starved")
        self.assertEqual(made.problem, "nothing was recorded at which it failed")

    def test_what_was_not_recorded_is_named_with_its_reason(self) -> None:
        told = _told(
            stood(0, PUT, How.NOT, -22),
            stood(1, ENQUEUE, How.NOT),
            taken=9000,
            dropped=3,
            evicted=4,
        )
        self.assertEqual(
            self.page(told, Second(False), ("x cannot be recorded: why",)).missing,
            (
                "x cannot be recorded: why",
                "calls of put: the guest's kernel refuses (Invalid argument)",
                "what was recorded earlier: of 9000 records the last 0 were kept",
                "3 events of tasks, for which there was no room",
                "what became of 4 tasks, whose room others got: they did not wait",
            ),
        )

    def test_what_the_recorders_programs_missed_is_counted(self) -> None:
        told = _told(
            stood(0, PUT, missed=(3, 4)),
            stood(1, ENQUEUE, program="mine_enqueue", missed=(1, 0)),
            missed=(5, 6, 7),
            taken=0,
        )
        why = "while a program of the recorder's ran, or too many calls were under way"
        self.assertEqual(
            self.page(told, Second(False)).missing,
            (
                f"calls {why}: 3 of put, 1 of enqueue (mine_enqueue), 5 at any kprobe",
                f"returns {why}: 4 from put, 6 at any kretprobe",
                f"7 events of tasks {why}",
            ),
        )


if __name__ == "__main__":
    absltest.main()
