# SPDX-License-Identifier: Apache-2.0
"""A guest that is held goes on, whatever becomes of the host's end."""

import os
import socket
import struct

from absl.testing import absltest

from ktstr.introspect.plugin.hold import Held, HoldChannel
from ktstr.introspect.plugin.watch import REGISTERS, Probe, Watch
from ktstr.model.errors import UsageError
from tests.introspect.plugin import streams

_WATCH = Watch(2, streams.KERNEL, (Probe("pick", streams.TEXT, streams.TEXT + 9, hold=True),))
_HELD = struct.pack(f"<IHHQ{len(REGISTERS)}Q", 0x444C4F48, 0, 1, 7, *range(len(REGISTERS)))


class HoldTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.held: list[Held] = []
        self.channel = HoldChannel(_WATCH, self.held.append)
        self.qemu = socket.socket(fileno=os.dup(self.channel.theirs))
        self.qemu.settimeout(10)
        self.channel.begin(42)
        self.addCleanup(self.qemu.close)
        self.addCleanup(self.channel.close)

    def test_it_is_told_where_the_guest_stands_and_lets_it_go_on(self) -> None:
        self.qemu.send(_HELD)
        self.channel.serve()
        (held,) = self.held
        self.assertEqual((held.probe, held.cpu, held.hit, held.pid), ("pick", 1, 7, 42))
        self.assertEqual(held.registers["rbx"], 1)
        self.assertEqual(self.qemu.recv(9), b"g")

    def test_a_piece_of_a_word_is_waited_for(self) -> None:
        self.qemu.send(_HELD[:50])
        self.channel.serve()
        self.assertEmpty(self.held)
        self.qemu.send(_HELD[50:])
        self.channel.serve()
        self.assertEqual(self.qemu.recv(9), b"g")

    def test_the_guest_goes_on_where_the_host_fails(self) -> None:
        def fails(_: Held) -> None:
            raise UsageError("no such map")

        self.channel._meanwhile = fails
        self.qemu.send(_HELD)
        self.channel.serve()
        self.assertEqual(self.qemu.recv(9), b"")
        self.assertEqual(self.channel.ended, "while the guest was held at pick: no such map")
        self.assertLess(self.channel.fileno(), 0)

    def test_a_guest_that_is_let_go_goes_on_unserved_and_is_held_no_more(self) -> None:
        self.qemu.send(_HELD)
        self.channel.let_go()
        self.channel.serve()
        self.assertEmpty(self.held)
        with self.assertRaises(ConnectionResetError):  # as it left what was sent unread
            self.qemu.recv(9)
        self.assertEqual((self.channel.was_let_go, self.channel.ended), (True, ""))
        self.assertLess(self.channel.fileno(), 0)

    def test_what_ended_by_a_mishap_was_not_let_go(self) -> None:
        self.qemu.send(bytes(len(_HELD)))
        self.channel.serve()
        self.channel.let_go()
        self.assertFalse(self.channel.was_let_go)

    def test_what_is_no_hold_ends_it(self) -> None:
        self.qemu.send(bytes(len(_HELD)))
        self.channel.serve()
        self.assertEqual(self.channel.ended, "QEMU's end of the channel said what is no hold")

    def test_a_guest_that_did_not_wait(self) -> None:
        self.channel._meanwhile = lambda _: self.qemu.close()
        self.qemu.send(_HELD)
        self.channel.serve()
        self.assertIn("held at pick took longer than 60 s", self.channel.ended)

    def test_qemu_that_is_gone_is_no_mishap(self) -> None:
        self.qemu.close()
        self.channel.serve()
        self.assertEqual(self.channel.ended, "")
        self.assertLess(self.channel.fileno(), 0)


if __name__ == "__main__":
    absltest.main()
