# SPDX-License-Identifier: Apache-2.0
"""Calls, put together of what was seen at their ends."""

from __future__ import annotations

from unittest import mock

from absl.testing import absltest

from ktstr.introspect.plugin.records import Record
from ktstr.introspect.plugin.watch import Read
from ktstr.introspect.replay.calls import Made, depths, made_of
from ktstr.introspect.replay.functions import Argument, Shown, Slot, Watched
from ktstr.introspect.trace.functions import Op
from ktstr.introspect.trace.programs import Call, Program, Programs

_READ = Read("rdi", (), 8)
_TASK = Argument("p", (Slot("p", _READ, Shown.TEXT), Slot("p", _READ, Shown.PID)), True)
_NUMBER = Argument("n", (Slot("n", _READ, Shown.NUMBER, 4, True),))
_WATCHED = {
    "put": Watched(
        "put", range(1), (_TASK, _NUMBER), _NUMBER, (Slot("p.left", _READ, Shown.NUMBER),)
    )
}


def _u64(number: int) -> bytes:
    return number.to_bytes(8, "little")


def _entry(at: int, cpu: int = 0, left: int = 5, prefix: str = "") -> Record:
    runs = (_u64(at), b"hog\0", _u64(70), b"\xff\xff\xff\xff\1\0\0\0", _u64(left))
    return Record(f"{prefix}put:entry", cpu, 1, runs)


def _return(at: int, began: int, left: int, cpu: int = 0, prefix: str = "") -> Record:
    return Record(f"{prefix}put:return", cpu, 1, (_u64(at), _u64(began), _u64(3), _u64(left)))


def _made(*records: Record) -> list[Made]:
    programs = mock.create_autospec(Programs, instance=True)
    return made_of(records, _WATCHED, programs, lambda _: None, lambda _: "?")


class CallsTest(absltest.TestCase):
    def test_a_call_has_what_its_types_say(self) -> None:
        (call,) = _made(_entry(100), _return(130, 100, 4))
        self.assertEqual(call.arguments, ("p=hog[70]", "n=-1"))
        self.assertEqual((call.began_ns, call.ended_ns, call.result), (100, 130, "3"))
        self.assertEqual((call.tasks, call.changed), ((("hog", 70),), ("p.left 5 -> 4",)))

    def test_one_that_had_not_returned_has_no_end(self) -> None:
        first, second = _made(_entry(100), _entry(110), _return(130, 110, 5))
        self.assertEqual((first.began_ns, first.ended_ns, first.changed), (100, None, ()))
        self.assertEqual((second.ended_ns, second.changed), (130, ()))

    def test_a_return_without_its_beginning_is_no_call(self) -> None:
        self.assertEmpty(_made(_return(130, 100, 4)))

    def test_a_call_that_two_windows_saw_is_one(self) -> None:
        seen = _entry(100), _entry(100, prefix="far:"), _return(130, 100, 4)
        self.assertLen(_made(*seen, _return(130, 100, 4, prefix="far:")), 1)

    def test_a_callback_changes_fields_of_the_tasks_that_it_got(self) -> None:
        op = Op("enqueue", ("p", "flags"), (0,), False)
        program = Program(range(1), op, "my_enqueue", False)
        call = Call(program, 0, 100, 130, {"flags": 1}, {"p": 70}, None)
        programs = mock.create_autospec(Programs, instance=True)
        programs.take.return_value = call
        fields = tuple((Slot("left", _READ, Shown.NUMBER),) for _ in range(2))
        whole = (_u64(0), _u64(0), _u64(7))

        def seen(name: str, now: int, began: int, *fields: int) -> Record:
            return Record(name, 0, 1, (_u64(now), _u64(began), *whole, *map(_u64, fields)))

        made = made_of(
            # of the second argument, which is no task, nothing is told
            (seen("entered", 100, 0, 5, 1), seen("called", 130, 100, 4, 2)),
            {},
            programs,
            lambda _: None,
            lambda _: "hog",
            fields,
        )
        (made_call,) = made
        self.assertEqual(made_call.function, "enqueue (my_enqueue)")
        self.assertEqual((made_call.began_ns, made_call.ended_ns), (100, 130))
        self.assertEqual(made_call.changed, ("p.left 5 -> 4",))
        # the fields are no part of what the record itself tells of
        self.assertLen(programs.take.call_args.args[2], 8 * 5)
        late = (seen("far:called", 130, 100, 4, 2),)
        (unseen,) = made_of(late, {}, programs, lambda _: None, lambda _: "hog", fields)
        self.assertEqual(unseen.changed, ())

    def test_how_deep_calls_are_is_told_of_each_cpu(self) -> None:
        calls = _made(
            _entry(100),
            _entry(105, cpu=1),
            _entry(110),
            _return(120, 110, 5),
            _entry(130),
            _return(140, 100, 5),
            _entry(150),
        )
        self.assertEqual([call.began_ns for call in calls], [100, 105, 110, 130, 150])
        self.assertEqual(list(depths(calls)), [0, 0, 1, 1, 1])


if __name__ == "__main__":
    absltest.main()
