# SPDX-License-Identifier: Apache-2.0
"""What a test function sees of the state that it asks for."""

from __future__ import annotations

from typing import Any

from absl.testing import absltest

from ktstr.guest.function.state import KernelState, MapState, Struct, shown, take_snapshot
from ktstr.guest.scenario.inside import Inside
from ktstr.model.errors import NoSuchName, UsageError
from ktstr.model.wire import asking
from ktstr.model.wire.state_set import StateSet
from tests.support.sink import Sink

_ENTRY = {"nr_queued": 4, "hist": [{"low": 1}, {"low": 2}], "class": "a", "_x": 5}


class _Answers(Inside):
    """A host that always answers the same."""

    def __init__(self, value: Any) -> None:
        self.sink = Sink()
        super().__init__(self.sink)
        self.asked: list[asking.Request] = []
        self._outside = self  # type: ignore[assignment]
        self._value = value

    def ask(self, request: asking.Request) -> Any:
        self.asked.append(request)
        return self._value


class StateTest(absltest.TestCase):
    def test_members_of_an_entry(self) -> None:
        host = _Answers(_ENTRY)
        entry = MapState(host, "cpu_ctx")[3]
        self.assertEqual(
            (entry.nr_queued, entry.hist[1].low, entry["class"], entry._x), (4, 2, "a", 5)
        )
        self.assertEqual(host.asked, [asking.ReadMap("cpu_ctx", 3)])
        self.assertEqual(entry, shown("", _ENTRY))
        self.assertIn('"nr_queued": 4', repr(entry))

    def test_a_member_that_there_is_not(self) -> None:
        entry = MapState(_Answers(_ENTRY), "cpu_ctx")[3]
        with self.assertRaisesRegex(
            NoSuchName,
            r"^cpu_ctx\[3\] has no member 'nr_queud' \(did you mean 'nr_queued'\?\); members: nr_q",
        ):
            _ = entry.nr_queud
        with self.assertRaisesRegex(NoSuchName, r"^cpu_ctx\[3\].hist\[0\] has no member 'high'"):
            _ = entry.hist[0].high
        self.assertFalse(hasattr(entry, "__len__"))

    def test_each_cpus_of_a_map(self) -> None:
        values = MapState(_Answers([{"nr": 1}, {"nr": 2}]), "stats").read(0)
        self.assertEqual([each.nr for each in values], [1, 2])

    def test_the_kernels_variables(self) -> None:
        host = _Answers(7)
        self.assertEqual(KernelState(host).read("runqueues.nr_running", cpu=1), 7)
        self.assertEqual(host.asked, [asking.ReadKernel("runqueues.nr_running", 1)])

    def test_what_was_set_is_told(self) -> None:
        host = _Answers(7)
        KernelState(host).write("scx_watchdog_timeout", 500)
        MapState(host, "stats").write(0, "nr[1]", -1, cpu=0)
        told = [fact for fact in host.sink.facts if isinstance(fact, StateSet)]
        self.assertEqual(
            [(each.what, each.before, each.after, each.step) for each in told],
            [
                ("kernel scx_watchdog_timeout", 7, 500, None),
                ("map stats[0].nr[1] of CPU 0", 7, -1, None),
            ],
        )

    def test_nobody_is_asked_for_what_cannot_be(self) -> None:
        host = _Answers(7)
        for ask in (
            lambda: KernelState(host).read("a-b"),
            lambda: KernelState(host).write("a", 2**64),
            lambda: MapState(host, ""),
            lambda: MapState(host, "a")[-1],
            lambda: MapState(host, "a").read(0, "a b"),
            lambda: take_snapshot(host, "a/b"),
        ):
            with self.assertRaises(UsageError):
                ask()
        self.assertEmpty(host.asked)

    def test_a_structure_is_no_number(self) -> None:
        self.assertIsInstance(shown("a", [{}])[0], Struct)
        self.assertEqual(shown("a", [1, "b", None]), [1, "b", None])


if __name__ == "__main__":
    absltest.main()
