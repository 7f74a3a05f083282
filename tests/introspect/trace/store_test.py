# SPDX-License-Identifier: Apache-2.0
"""Events that are kept as bytes are the events that they were made of, and take little room."""

from __future__ import annotations

import tracemalloc

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.introspect.trace.events import Event, Value
from ktstr.introspect.trace.store import Events

_values = st.integers(-(1 << 63), (1 << 64) - 1) | st.text(max_size=4)
_events = st.lists(
    st.lists(st.tuples(st.sampled_from("abc"), _values), max_size=4).flatmap(
        lambda pairs: st.builds(
            Event,
            st.integers(0, (1 << 62)),
            st.integers(0, 255),
            st.sampled_from(("op", "tick")),
            st.just(tuple(name for name, _ in pairs)),
            st.just(tuple(value for _, value in pairs)),
        )
    ),
    max_size=12,
)


class StoreTest(absltest.TestCase):
    @given(_events)
    def test_they_are_what_they_were(self, events: list[Event]) -> None:
        kept = Events(events)
        self.assertEqual(list(kept), events)
        self.assertEqual([kept[number] for number in range(len(kept))], events)
        self.assertEqual(kept[1:3], tuple(events[1:3]))
        self.assertEqual(kept, events)
        self.assertNotEqual(kept, [*events, Event(0, 0, "tick", (), ())])

    @given(_events)
    def test_they_are_sorted_by_their_times_as_they_came(self, events: list[Event]) -> None:
        kept = Events(events)
        kept.sort(lambda at: at // 2)
        wanted = sorted(events, key=lambda event: event.at_ns)
        self.assertEqual(list(kept), [event._replace(at_ns=event.at_ns // 2) for event in wanted])

    def test_many_take_eighty_bytes_each(self) -> None:
        count = 20_000
        names = ("prev", "prev_comm", "next", "next_comm", "running", "state")
        tracemalloc.start()
        kept = Events()
        for number in range(count):
            row: tuple[Value, ...] = (number, f"w{number % 9}", number + 1, "w", 3, "R")
            kept.append(number * 1000, number % 8, "switch", names, row)
        taken, _ = tracemalloc.get_traced_memory()
        kept.sort(lambda at: at)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        self.assertLess(taken / count, 80)
        self.assertLess(most / count, 160)


if __name__ == "__main__":
    absltest.main()
