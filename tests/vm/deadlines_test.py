# SPDX-License-Identifier: Apache-2.0
"""Deadlines nest, are named, and grow with slowness and size."""

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.host.accel import Accel
from ktstr.host.ending import OUT_OF_TIME, Ending, EndingKind
from ktstr.vm.deadlines import Deadlines, scaled
from ktstr.vm.ending import ending_of
from ktstr.vm.events import Exited


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class DeadlinesTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = _Clock()
        self.deadlines = Deadlines(self.clock)

    def test_none_in_force(self) -> None:
        self.assertIsNone(self.deadlines.remaining())
        self.assertIsNone(self.deadlines.expired())

    def test_inner_one_is_cut_by_the_outer_and_says_so(self) -> None:
        self.deadlines.start("test", 10)
        inner = self.deadlines.start("boot", 60)
        self.assertEqual(inner.seconds, 10)
        self.assertEqual(
            inner.describe(), "boot: not reached within 10.0 s, cut short by the deadline of test"
        )

    def test_a_guest_whose_time_an_outer_one_cut_is_not_said_to_hang(self) -> None:
        self.deadlines.start(OUT_OF_TIME, 10)
        self.deadlines.start("boot", 60)
        self.clock.now += 11
        exited = Exited(0, "host-qmp-quit", "", 11.0)
        ending = ending_of(exited, panicked=False, expired=self.deadlines.expired(), interrupted="")
        self.assertEqual(ending, Ending(EndingKind.DEADLINE, f"{OUT_OF_TIME}, in boot"))

    def test_innermost_that_is_over_is_told(self) -> None:
        self.deadlines.start("test", 10)
        self.deadlines.start("boot", 3)
        self.clock.now += 2
        self.assertIsNone(self.deadlines.expired())
        self.assertEqual(self.deadlines.remaining(), 1)
        self.clock.now += 20
        expired = self.deadlines.expired()
        assert expired is not None
        self.assertEqual(expired.name, "boot")
        self.assertEqual(self.deadlines.remaining(), 0)

    def test_all_are_put_off_while_nothing_can_come_nearer(self) -> None:
        self.deadlines.start("test", 10)
        self.deadlines.start("boot", 3)
        self.clock.now += 100
        self.deadlines.put_off(100)
        self.assertIsNone(self.deadlines.expired())
        self.assertEqual(self.deadlines.remaining(), 3)
        self.deadlines.finish("boot")
        self.assertEqual(self.deadlines.remaining(), 10)

    def test_finishing_an_outer_one_ends_the_inner_ones(self) -> None:
        self.deadlines.start("test", 10)
        self.deadlines.start("boot", 3)
        self.deadlines.start("hello", 1)
        self.deadlines.finish("boot")
        self.assertEqual(self.deadlines.remaining(), 10)

    def test_names_are_checked(self) -> None:
        self.deadlines.start("boot", 3)
        with self.assertRaisesRegex(ValueError, "'boot' is already in force"):
            self.deadlines.start("boot", 3)
        with self.assertRaisesRegex(ValueError, "'step' is not in force"):
            self.deadlines.finish("step")

    @given(st.lists(st.floats(0, 1000), min_size=1, max_size=6))
    def test_no_inner_one_ends_after_an_outer_one(self, seconds: list[float]) -> None:
        deadlines = Deadlines(self.clock)
        ends = [deadlines.start(str(i), each).ends_at for i, each in enumerate(seconds)]
        self.assertEqual(ends, sorted(ends, reverse=True))


class ScaledTest(absltest.TestCase):
    @given(st.floats(0.1, 100), st.sampled_from(Accel), st.integers(1, 256))
    def test_never_shorter(self, seconds: float, accel: Accel, vcpus: int) -> None:
        self.assertGreaterEqual(scaled(seconds, accel, vcpus), seconds)
        self.assertGreater(scaled(seconds, accel, vcpus + 1), scaled(seconds, accel, vcpus))


if __name__ == "__main__":
    absltest.main()
