# SPDX-License-Identifier: Apache-2.0
"""Times by what a guest's timekeeper says, whatever that is."""

from __future__ import annotations

import struct

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.introspect.monitor.clock import Clock
from ktstr.introspect.monitor.parts import Part
from ktstr.introspect.plugin.watch import ABSOLUTE, Read
from ktstr.introspect.trace.clock import Keeper, Times

_LAYOUT, _TSC = "QQIIQq", 0xFFFF_FFFF_8200_0000
_U32, _U64 = st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 64) - 1)
_I64 = st.integers(-(1 << 63), (1 << 63) - 1)


def _times(*said: tuple[int, ...]) -> Times:
    size = struct.calcsize(f"<{_LAYOUT}")
    times = Times(Keeper(Clock((Part(Read(ABSOLUTE, (8,), size), _LAYOUT, ()),), _TSC, None)))
    for number, each in enumerate(said):
        times.add(1000 * number, struct.pack(f"<{_LAYOUT}", _TSC, *each))
    return times


class TimesTest(absltest.TestCase):
    def test_there_and_back(self) -> None:
        times = _times((0, 1 << 20, 20, 0, 5000))
        self.assertEqual((times.monotonic_ns(7), times.now_ns(5007)), (5007, 7))

    @given(st.tuples(_U64, _U32, st.integers(0, 80), _U64, _I64), _U64, _I64)
    def test_whatever_a_guest_has_written_is_a_time(
        self, said: tuple[int, ...], now_ns: int, at_ns: int
    ) -> None:
        times = _times(said)
        struct.pack("<q", times.monotonic_ns(now_ns % (1 << 63)))
        times.now_ns(at_ns)

    def test_what_is_no_timekeeper_says_nothing(self) -> None:
        for said in ((0, 0, 20, 0, 5), (0, 1, 1 << 31, 0, 5)):
            self.assertFalse(_times(said))


if __name__ == "__main__":
    absltest.main()
