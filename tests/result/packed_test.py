# SPDX-License-Identifier: Apache-2.0
"""Packed rows: whatever goes in comes out, in few bytes; what is damaged is refused."""

from __future__ import annotations

import random

from absl.testing import absltest, parameterized
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.result.packed import packed, unpacked, unwritten, written

settings.register_profile("ktstr", deadline=None, derandomize=True)
settings.load_profile("ktstr")

_NUMBERS = st.integers(-(1 << 64), 1 << 64)
_ROWS = st.integers(1, 6).flatmap(
    lambda length: st.lists(st.lists(_NUMBERS, min_size=length, max_size=length), max_size=4)
)


class PackedTest(parameterized.TestCase):
    @given(_ROWS)
    def test_rows_come_back(self, rows: list[list[int]]) -> None:
        length = len(rows[0]) if rows else 1
        self.assertEqual(unpacked(packed(rows), length), tuple(map(tuple, rows)))

    @given(st.lists(_NUMBERS))
    def test_text_comes_back(self, row: list[int]) -> None:
        self.assertEqual(unwritten(written(row)), tuple(row))

    def test_text_is_for_people(self) -> None:
        self.assertEqual(written([7, 7, 7, -1, 0, 0]), "7*3 -1 0*2")

    def test_what_repeats_and_what_rises_evenly_takes_no_room(self) -> None:
        steady, rising = [3] * 10_000, [4_000_000 * i for i in range(10_000)]
        self.assertLess(len(packed([steady, rising])), 150)

    def test_noise_takes_its_bits(self) -> None:
        draw = random.Random(1)
        noise = [draw.randrange(16) for _ in range(4_000)]
        self.assertLess(len(packed([noise])), 3_000)

    @given(st.binary(max_size=60), st.integers(0, 9))
    def test_what_is_damaged_is_refused_or_read(self, data: bytes, length: int) -> None:
        try:
            rows = unpacked(data, length)
        except ValueError:
            return
        self.assertTrue(all(len(row) == length for row in rows))

    @parameterized.parameters(b"", b"\x07", b"\x01nonsense", packed([[1, 2, 3]])[:-2])
    def test_no_packed_numbers(self, data: bytes) -> None:
        with self.assertRaises(ValueError):
            unpacked(data, 3)

    def test_rows_of_another_length_are_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "3 packed numbers are no rows of 2"):
            unpacked(packed([[1, 2, 3]]), 2)


if __name__ == "__main__":
    absltest.main()
