# SPDX-License-Identifier: Apache-2.0
"""Blocks of machine code belong to the programs that lay there when they ran."""

from __future__ import annotations

import struct

from absl.testing import absltest

from ktstr.introspect.coverage.blocks import Block, blocks_of
from ktstr.introspect.plugin.records import BLOCK, Row

_A, _B, _OVER_BOTH = range(64), range(64, 160), range(32, 96)


def _named(place: range) -> Row:
    return Row("named", 0, struct.pack("<QI", place.start, len(place)))


def _ran(start: int, size: int, probe: str = "jited", space: int = 0) -> Row:
    return Row(probe, 0, BLOCK.pack(start, size, space))


def _blocks(rows: list[Row], places: list[range | None]) -> list[Block]:
    return list(blocks_of(rows, "named", "jited", places))


class BlocksTest(absltest.TestCase):
    def test_a_block_is_of_the_program_that_lies_there(self) -> None:
        rows = [_named(_A), _named(_B), _ran(60, 4), _ran(64, 4), _ran(160, 4)]
        found = [list(block.programs) for block in _blocks(rows, [_A, _B])]
        self.assertEqual(found, [[(0, _A)], [(1, _B)], []])

    def test_a_program_that_comes_to_lie_there_takes_the_place_of_others(self) -> None:
        rows = [_named(_A), _named(_B), _ran(0, 4), _named(_OVER_BOTH), _ran(0, 4), _ran(64, 4)]
        found = [list(block.programs) for block in _blocks(rows, [_A, _B, _OVER_BOTH])]
        self.assertEqual(found, [[(0, _A)], [], [(2, _OVER_BOTH)]])

    def test_one_that_was_not_looked_at_has_the_place_and_no_number(self) -> None:
        rows = [_named(_A), _named(range(32)), _ran(0, 4)]
        found = [list(block.programs) for block in _blocks(rows, [_A])]
        self.assertEqual(found, [[]])

    def test_blocks_of_other_probes_are_of_no_program(self) -> None:
        rows = [_named(_A), _ran(0, 4, "kernel"), _ran(8, 4, "user", 0x5000)]
        self.assertEqual(
            _blocks(rows, [_A]),
            [Block("kernel", 0, 4, 0, ()), Block("user", 8, 12, 0x5000, ())],
        )

    def test_a_block_without_a_size_or_too_long_is_none(self) -> None:
        self.assertEqual(_blocks([_ran(0, 0), _ran(0, (1 << 16) + 1)], []), [])


if __name__ == "__main__":
    absltest.main()
