# SPDX-License-Identifier: Apache-2.0
"""What the host says of a mailbox's layers is what the guest reads, and no damage goes unseen."""

from __future__ import annotations

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.errors import InfraError
from ktstr.model.wire.mailbox import PAGE, capacity, head, read_head

_SAID = 28


class HeadTest(absltest.TestCase):
    @given(st.integers(1, capacity()), st.data())
    def test_takes_out_what_was_put_in(self, length: int, data: st.DataObject) -> None:
        own = data.draw(st.integers(0, length - 1))
        page = head(length, own)
        self.assertLen(page, PAGE)
        self.assertEqual(read_head(page), (length, own))

    def test_an_empty_one_says_so(self) -> None:
        with self.assertRaisesRegex(InfraError, "the mailbox is empty"):
            read_head(bytes(PAGE))

    @given(st.integers(0, _SAID - 1), st.integers(1, 255))
    def test_no_damage_goes_unseen(self, at: int, flipped: int) -> None:
        page = bytearray(head(1 << 20, 4096))
        page[at] ^= flipped
        with self.assertRaisesRegex(InfraError, "the mailbox is damaged"):
            read_head(bytes(page))

    def test_layers_that_cannot_be(self) -> None:
        for length, own in ((capacity() + 1, 0), (4096, 4096), (0, 0)):
            with self.assertRaisesRegex(InfraError, f"damaged: {length} bytes, .* from {own} on"):
                read_head(head(length, own))


if __name__ == "__main__":
    absltest.main()
