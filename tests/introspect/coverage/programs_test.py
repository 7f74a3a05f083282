# SPDX-License-Identifier: Apache-2.0
"""Records of BPF programs and the programs that were looked at belong together by their places."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.introspect.coverage.programs import paired

_A, _B = range(64), range(64, 160)


class PairedTest(absltest.TestCase):
    def test_a_lost_record_moves_no_other(self) -> None:
        self.assertEqual(paired([_A, _B], _A, 0), 0)
        self.assertEqual(paired([_A, _B], _B, 0), 1)

    def test_a_place_that_is_used_again(self) -> None:
        self.assertEqual(paired([_A, _B, _A], _A, 1), 2)

    def test_a_place_that_is_not_known_may_be_any(self) -> None:
        self.assertEqual(paired([None, _B], _A, 0), 0)

    def test_a_record_of_none_of_them(self) -> None:
        self.assertIsNone(paired([_A, _B], range(63), 0))
        self.assertIsNone(paired([_A], _A, 1))


if __name__ == "__main__":
    absltest.main()
