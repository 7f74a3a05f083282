# SPDX-License-Identifier: Apache-2.0
"""The parts of a saved guest's device state that are read and written here."""

import struct

from absl.testing import absltest, parameterized
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.vm.saved import stream
from ktstr.vm.saved.template import TemplateError

# How the state of a machine with two nodes begins that QEMU 10.0.13 saved: configuration, and the
# RAM section's set-up with its footer.
_START = bytes.fromhex(
    "5145564d00000003070000000b70632d7133352d31302e30051a636f6e66696775726174696f6e2f"
    "6361706162696c697469657300000001000000010f782d69676e6f72652d73686172656401000000"
    "010372616d00000000000000040000000020052004026d3000000000100000000000000000000000"
    "026d3100000000100000000000000010000000142f726f6d406574632f616370692f7461626c6573"
    "000000000002000000000000000000000670632e726f6d000000000002000000000000000c000007"
    "70632e62696f73000000000001000000000000ffff0000152f726f6d406574632f7461626c652d6c"
    "6f6164657200000000000010000000000000000000122f726f6d406574632f616370692f72736470"
    "0000000000001000000000000000000000000000000000107e00000001"
)
_NUMBER = struct.pack(">I", 1)
_REST = b"\x02" + _NUMBER + struct.pack(">Q", 0x10) + b"\x7e" + _NUMBER
_NODE_BYTES = 256 << 20
_PAGES = st.lists(
    st.tuples(
        st.sampled_from(["m0", "m1"]),
        st.integers(0, _NODE_BYTES // stream.PAGE - 1).map(lambda number: number * stream.PAGE),
        st.integers(0, 255).map(lambda value: bytes([value]) * stream.PAGE),
    ),
    max_size=5,
)


def _pages_of(part: bytes) -> list[tuple[str, int, bytes]]:
    """The pages of one part of a RAM section, as migration/ram.c reads it."""
    found: list[tuple[str, int, bytes]] = []
    at, name = 5, ""
    while True:
        (word,) = struct.unpack_from(">Q", part, at)
        at += 8
        if word == 0x10:
            assert part[at:] == b"\x7e" + _NUMBER
            return found
        assert word & 0xFFF in (0x08, 0x28)
        if not word & 0x20:
            length = part[at]
            name = part[at + 1 : at + 1 + length].decode()
            at += 1 + length
        found.append((name, word & ~0xFFF, part[at : at + stream.PAGE]))
        at += stream.PAGE


class RamSectionTest(parameterized.TestCase):
    def test_blocks_of_a_recorded_state(self) -> None:
        section = stream.ram_section(_START + _REST)
        self.assertEqual((section.number, section.end), (1, len(_START)))
        self.assertEqual([section.blocks["m0"], section.blocks["m1"]], [_NODE_BYTES] * 2)
        self.assertLen(section.blocks, 7)

    @settings(deadline=None)
    @given(_PAGES)
    def test_pages_come_right_behind_the_set_up(self, pages: list[tuple[str, int, bytes]]) -> None:
        added = stream.with_pages(_START + _REST, pages)
        self.assertTrue(added.startswith(_START) and added.endswith(_REST))
        part = added[len(_START) : -len(_REST)]
        self.assertEqual(part[:5], b"\x02" + _NUMBER)
        self.assertEqual(_pages_of(part), pages)

    @settings(deadline=None)
    @given(st.integers(0, len(_START) - 1))
    def test_cut_anywhere(self, end: int) -> None:
        with self.assertRaisesRegex(TemplateError, "saved device state: .*(offset|cut short)"):
            stream.ram_section(_START[:end])

    @parameterized.parameters(
        (b"QEVM", b"QEMU", "at offset 0 a migration stream of version 3 was expected"),
        (b"\0\0\0\x03\x07", b"\0\0\0\x04\x07", "at offset 0 .* found 5145564d00000004"),
        (b"\x03ram", b"\x03rom", "it has no RAM section"),
        (b"x-ignore-shared", b"x-ignore-shaken", "saved without x-ignore-shared"),
        (b"\x02m1", b"\x02\xff1", "no block's name at offset 0x78"),
        (b"\x10\x7e\0\0\0\x01", b"\x10\x7e\0\0\0\x02", "at offset 0x128 .* was expected, found"),
    )
    def test_altered(self, found: bytes, instead: bytes, message: str) -> None:
        self.assertIn(found, _START)
        with self.assertRaisesRegex(TemplateError, message):
            stream.ram_section(_START.replace(found, instead) + _REST)

    @parameterized.parameters(("m2", 0), ("m0", _NODE_BYTES), ("m0", 7), ("m0", -4096))
    def test_page_outside(self, block: str, offset: int) -> None:
        with self.assertRaisesRegex(TemplateError, f"of RAM block '{block}' are no page"):
            stream.with_pages(_START + _REST, [(block, offset, bytes(stream.PAGE))])


if __name__ == "__main__":
    absltest.main()
