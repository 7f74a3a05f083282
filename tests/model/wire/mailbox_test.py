# SPDX-License-Identifier: Apache-2.0
"""What a host puts into a mailbox is what its guest takes out, wherever the pages lie."""

from __future__ import annotations

import random

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.errors import InfraError, UsageError
from ktstr.model.wire.mailbox import (
    MAGIC,
    MAILBOX_BYTES,
    PAGE,
    PAGES,
    capacity,
    fill,
    find_pages,
    mark,
    read,
)


def _empty() -> bytearray:
    box = bytearray(MAILBOX_BYTES)
    mark(memoryview(box))
    return box


def _page(box: bytes | bytearray, index: int) -> bytes:
    return bytes(box[index * PAGE : (index + 1) * PAGE])


def _filled(payload: bytes) -> bytearray:
    box = _empty()
    for index, page in enumerate(fill(payload)):
        box[index * PAGE : (index + 1) * PAGE] = page
    return box


class MailboxTest(absltest.TestCase):
    @given(st.binary(max_size=3 * PAGE))
    def test_takes_out_what_was_put_in(self, payload: bytes) -> None:
        self.assertEqual(read(memoryview(_filled(payload))), payload)

    def test_holds_its_capacity_and_no_more(self) -> None:
        payload = bytes(range(256)) * (capacity() // 256 + 1)
        whole = payload[: capacity()]
        self.assertLen(fill(whole), PAGES)
        self.assertEqual(read(memoryview(_filled(whole))), whole)
        with self.assertRaisesRegex(UsageError, f"{capacity() + 1} bytes are too many"):
            fill(payload[: capacity() + 1])

    def test_uses_no_more_pages_than_it_needs(self) -> None:
        self.assertLen(fill(b""), 1)
        self.assertLen(fill(bytes(PAGE)), 2)

    def test_an_empty_one_says_so(self) -> None:
        with self.assertRaisesRegex(InfraError, "the mailbox is empty"):
            read(memoryview(_empty()))

    @given(st.binary(min_size=1, max_size=2 * PAGE), st.data())
    def test_no_damage_goes_unseen(self, payload: bytes, data: st.DataObject) -> None:
        box = _filled(payload)
        at = data.draw(st.integers(0, 20 + len(payload) - 1))
        box[at] ^= data.draw(st.integers(1, 255))
        with self.assertRaisesRegex(InfraError, "damaged"):
            read(memoryview(box))


class FindPagesTest(absltest.TestCase):
    def test_finds_each_wherever_it_lies(self) -> None:
        box = _empty()
        order = list(range(PAGES))
        random.Random(5).shuffle(order)
        half = PAGES // 2
        first = b"".join(_page(box, index) + bytes(PAGE) for index in order[:half])
        second = b"".join(_page(box, index) for index in order[half:])
        found = find_pages([(0, 7 * PAGE, first), (1, 0, second)])
        for place, index in enumerate(order[:half]):
            self.assertEqual(found[index], (0, (7 + 2 * place) * PAGE))
        for place, index in enumerate(order[half:]):
            self.assertEqual(found[index], (1, place * PAGE))

    def test_is_not_misled_by_the_mark_elsewhere(self) -> None:
        box = bytes(_empty())
        shifted = bytes(8) + _page(box, 3)[: PAGE - 8]
        with_more = _page(box, 3)[:-1] + b"x"
        foreign = MAGIC + bytes(PAGE - len(MAGIC))
        found = find_pages([(0, 0, shifted + with_more + foreign + box + MAGIC)])
        self.assertEqual(found[3], (0, 6 * PAGE))

    def test_names_a_page_that_is_missing(self) -> None:
        box = bytes(_empty())
        with self.assertRaisesRegex(InfraError, f"1 of {PAGES} pages .* is page 9"):
            find_pages([(0, 0, box[: 9 * PAGE]), (0, 10 * PAGE, box[10 * PAGE :])])

    def test_names_a_page_that_is_there_twice(self) -> None:
        box = bytes(_empty())
        with self.assertRaisesRegex(InfraError, "page 9 .* twice: at 0x9000 of node 0 and 0x0 of"):
            find_pages([(0, 0, box), (1, 0, _page(box, 9))])


if __name__ == "__main__":
    absltest.main()
