# SPDX-License-Identifier: Apache-2.0
"""Output is bounded, and says what it lost."""

from __future__ import annotations

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.guest.system.log import BoundedLog

_PIECES = st.lists(st.binary(max_size=30).map(lambda data: data.hex().encode()))


class BoundedLogTest(absltest.TestCase):
    @given(_PIECES)
    def test_keeps_both_ends(self, pieces: list[bytes]) -> None:
        log, whole = BoundedLog(head=20, tail=50), b"".join(pieces)
        for piece in pieces:
            log.add(piece)
        self.assertEqual(log.total, len(whole))
        self.assertEqual(log.truncated, len(whole) > 70)
        if not log.truncated:
            self.assertEqual(log.text(), whole.decode())
            return
        text = log.text()
        self.assertStartsWith(text, whole[:20].decode())
        self.assertEndsWith(text, whole[-50:].decode())
        self.assertIn(f"{len(whole) - 70} bytes dropped here", text)

    def test_last_begins_with_a_line_where_it_can(self) -> None:
        log = BoundedLog()
        log.add(b"first line\nsecond line\nthird\n")
        self.assertEqual(log.last(20), "second line\nthird\n")
        self.assertEqual(log.last(100), "first line\nsecond line\nthird\n")
        self.assertEqual(log.last(3), "rd\n")

    def test_cut_characters_do_not_matter(self) -> None:
        log = BoundedLog(head=1, tail=1)
        log.add("ä€ä".encode())
        self.assertIn("bytes dropped here", log.text())


if __name__ == "__main__":
    absltest.main()
