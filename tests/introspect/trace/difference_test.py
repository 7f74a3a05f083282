# SPDX-License-Identifier: Apache-2.0
"""Where two traces part: whatever their times, and in whatever order independent things came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from absl.testing import absltest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ktstr.introspect.trace.difference import Difference, Side, first_difference, task_names
from ktstr.introspect.trace.events import Decisions, Event
from ktstr.introspect.trace.lines import lines, read_lines
from ktstr.introspect.trace.standing import as_lines, standing

_NAMES = {0: "idle", 11: "a", 12: "b", 13: "c"}
_CPUS = 3


def _insert(cpu: int, pid: int, dsq: str, depth: int) -> Event:
    return Event(0, cpu, "dsq_insert", ("pid", "dsq", "depth"), (pid, dsq, depth))


def _switch(cpu: int, prev: int, following: int, state: str) -> Event:
    names = ("prev", "prev_comm", "prev_prio", "next", "next_comm", "next_prio", "running", "state")
    row = (prev, _NAMES[prev], 120, following, _NAMES[following], 120, 1, state)
    return Event(0, cpu, "switch", names, row)


def _op(cpu: int, op: str, pid: int, result: int, took: int) -> Event:
    names = ("op", "program", "pid", "took_ns", "result")
    return Event(0, cpu, "op", names, (op, f"own_{op}", pid, took, result))


_cpus, _pids = st.integers(0, _CPUS - 1), st.sampled_from([11, 12, 13])
_events = st.one_of(
    st.builds(_insert, _cpus, _pids, st.sampled_from(["0", "1", "local/0"]), st.integers(1, 3)),
    st.builds(_switch, _cpus, _pids, st.sampled_from([0, 11, 12, 13]), st.sampled_from("RS")),
    st.builds(_op, _cpus, st.just("enqueue"), _pids, st.integers(0, 2), st.integers(0, 99)),
)


_ATTACHED = (_op(0, "enqueue", 11, 0, 1), _op(0, "init", 0, 0, 1))


def _trace(events: Sequence[Event], *times: int) -> Decisions:
    """A trace of these behind an attachment, at rising times; `times` are steps, repeated."""
    at, found = 0, []
    for i, event in enumerate((*_ATTACHED, *events)):
        at += times[i % len(times)] if times else 1
        found.append(event._replace(at_ns=at))
    return Decisions(_CPUS, tuple(found), _NAMES)


def _touches(event: Event) -> set[object]:
    """What an event is about, as the module under test says in its words."""
    values = event.values
    found: set[object] = {("cpu", event.cpu)}
    found |= {("task", values[name]) for name in ("pid", "prev", "next") if values.get(name)}
    return found | ({("dsq", values["dsq"])} if "dsq" in values else set())


class DifferenceTest(absltest.TestCase):
    def assert_found(self, found: Difference | None, a: int, b: int) -> Difference:
        assert found is not None
        self.assertEqual((_place(found.a), _place(found.b)), (a, b))
        return found

    @settings(deadline=None)
    @given(st.lists(_events, max_size=30), st.lists(st.integers(1, 9), min_size=1, max_size=5))
    def test_whatever_the_times_are_equal_events_are_equal(
        self, events: list[Event], times: list[int]
    ) -> None:
        a = _trace(events)
        slower = [each._replace(row=_later(each)) for each in events]
        self.assertIsNone(first_difference(a, a))
        self.assertIsNone(first_difference(a, _trace(slower, *times)))

    @settings(deadline=None)
    @given(st.lists(_events, min_size=2, max_size=30), st.data())
    def test_events_that_share_nothing_may_come_in_either_order(
        self, events: list[Event], data: st.DataObject
    ) -> None:
        shuffled = list(events)
        for _ in range(data.draw(st.integers(1, 10))):
            at = data.draw(st.integers(0, len(events) - 2))
            if not _touches(shuffled[at]) & _touches(shuffled[at + 1]):
                shuffled[at : at + 2] = shuffled[at + 1], shuffled[at]
        self.assertIsNone(first_difference(_trace(events), _trace(shuffled)))

    @settings(deadline=None)
    @given(st.lists(_events, min_size=1, max_size=30), _events, st.data())
    def test_one_event_that_is_another_is_found_at_its_place(
        self, events: list[Event], other: Event, data: st.DataObject
    ) -> None:
        at = data.draw(st.integers(0, len(events) - 1))
        # of equal events in a row nobody can say which is the one too many
        assume(_same(other) != _same(events[at]))
        assume(
            all(_same(each) not in (_same(other), _same(events[at])) for each in events[at + 1 :])
        )
        changed = [*events[:at], other, *events[at + 1 :]]
        found = first_difference(_trace(events), _trace(changed))
        assert found is not None
        self.assertEqual((_place(found.a), _place(found.b)), (at, at))
        self.assertEqual(first_difference(_trace(changed), _trace(events)), _swapped(found))

    @settings(deadline=None)
    @given(st.lists(_events, max_size=30), _events, st.data())
    def test_an_event_that_only_one_has_is_found_at_its_place(
        self, events: list[Event], more: Event, data: st.DataObject
    ) -> None:
        at = data.draw(st.integers(0, len(events)))
        longer = [*events[:at], more, *events[at:]]
        found = first_difference(_trace(events), _trace(longer))
        assert found is not None
        self.assertEqual(_place(found.b), _first_like(longer, at))

    def test_what_is_about_a_queue_is_said_to_be(self) -> None:
        events = [_insert(0, 11, "0", 1), _insert(1, 12, "0", 2)]
        found = first_difference(_trace(events), _trace(events[::-1]))
        self.assertEqual(self.assert_found(found, 0, 0).alike, 0)
        changed = [events[0], events[1]._replace(row=(12, "0", 3))]
        found = self.assert_found(first_difference(_trace(events), _trace(changed)), 1, 1)
        self.assertEqual((found.of, found.alike), ("CPU 1", 0))
        self.assertIsNone(first_difference(_trace(()), _trace(())))

    def test_callbacks_that_only_one_scheduler_has_and_kinds_that_a_kernel_hides(self) -> None:
        both = [_op(0, "enqueue", 11, 0, 5), _switch(0, 11, 12, "R")]
        extra = [_op(0, "runnable", 11, 0, 5), *both]
        self.assertIsNone(first_difference(_trace(both), _trace(extra)))
        self.assertIsNotNone(first_difference(_trace(both), _trace([*both, *both])))
        hidden = replace(_trace(both[:1]), lacks=("no switch: __switch_to is no function",))
        self.assertIsNone(first_difference(_trace(both), hidden))

    def test_where_both_have_workers_only_what_becomes_of_them_counts(self) -> None:
        names = {0: "idle", 11: "w0.0.0", 12: "kworker/0:1", 13: "w0.0.1"}
        own = [_insert(0, 11, "0", 1), _switch(0, 0, 11, "R"), _switch(0, 11, 13, "R")]
        other = [_insert(0, 12, "0", 1), _switch(0, 0, 12, "R")]
        beside = [*other, _insert(0, 11, "0", 2), _switch(0, 12, 11, "R"), own[2]]
        moved = [*own[:2], _switch(1, 11, 13, "R")]
        a, b, c = (replace(_trace(each), names=names) for each in (own, beside, moved))
        self.assertIsNone(first_difference(a, b))
        self.assert_found(first_difference(a, c), 2, 2)
        self.assertIsNone(first_difference(a, c, ["w0.0.2"]))
        self.assert_found(first_difference(a, b, ["kworker/0:1"]), 3, 0)

    def test_lines_of_damaged_events(self) -> None:
        head, insert = lines(Decisions(_CPUS, (_insert(0, 11, "0", 1),), _NAMES))
        self.assertLen(read_lines([head, insert]).events, 1)
        for damaged, words in (
            (insert.replace('"dsq"', '"dsk"'), "a line lacks something: 'dsq'"),
            (insert.replace('"pid":11', '"pid":"x"'), "pid is 'x', which is no number"),
            (insert.replace('"cpu":0', '"cpu":70000'), "a number that is too large"),
            (insert.replace('"ns":0', '"ns":1e30'), "a number that is too large"),
        ):
            with self.assertRaisesRegex(ValueError, words):
                read_lines([head, damaged])

    def test_what_comes_before_the_attachment_is_the_loaders(self) -> None:
        a = _trace([_insert(0, 11, "0", 1)])
        b = replace(a, events=(_switch(0, 11, 12, "S"), *a.events))
        self.assertIsNone(first_difference(a, b))

    def test_tasks_of_one_name_are_told_apart_by_their_order(self) -> None:
        events = [_insert(0, 12, "0", 1), _insert(0, 11, "0", 2)]
        trace = replace(_trace(events), names={0: "idle", 11: "w", 12: "w"})
        self.assertEqual(dict(task_names(trace)), {11: "w", 0: "idle", 12: "w (2)"})

    def test_how_things_stood(self) -> None:
        trace = _trace(
            [
                _switch(0, 0, 11, "R"),
                _insert(1, 12, "0", 1),
                _insert(1, 13, "0", 2),
                _switch(0, 11, 12, "R"),
            ]
        )
        found = standing(trace, 6)
        self.assertEqual((found.running, found.ready), ({0: 12}, {13: "0", 11: ""}))
        self.assertEqual(
            as_lines(trace, 5),
            ["CPUs run 0: a[11]", "ready: b[12] in DSQ 0, c[13] in DSQ 0", "DSQ 0 is 2 deep"],
        )
        self.assertEqual(as_lines(trace, 0), ["nobody else is ready"])


def _place(side: Side) -> int:
    """Of an event among those behind the attachment."""
    return side.index - len(_ATTACHED)


def _later(event: Event) -> tuple[int | str, ...]:
    """The values of an event that takes longer."""
    pairs = zip(event.names, event.row, strict=True)
    return tuple(int(value) + 7 if name == "took_ns" else value for name, value in pairs)


def _same(event: Event) -> tuple[object, ...]:
    """All of an event but its times."""
    pairs = zip(event.names, event.row, strict=True)
    return event.cpu, event.what, [pair for pair in pairs if pair[0] != "took_ns"]


def _first_like(events: list[Event], at: int) -> int:
    """Where an event that is one too many shows: of equal ones in a row, nobody can say which."""
    own = _touches(events[at])
    following = [
        next((i for i in range(at + 1, len(events)) if thing in _touches(events[i])), None)
        for thing in own
    ]
    first = following[0]
    alike = first is not None and set(following) == {first}
    if first is None or not alike or _same(events[first]) != _same(events[at]):
        return at
    return _first_like(events, first)


def _swapped(found: Difference) -> Difference:
    return replace(found, a=found.b, b=found.a)


if __name__ == "__main__":
    absltest.main()
