# SPDX-License-Identifier: Apache-2.0
"""Orders to a guest that stands, as the plugin gets them, and what it answers."""

import os
import socket
import struct

from absl.testing import absltest

from ktstr.introspect.plugin.hold import Held, HoldChannel
from ktstr.introspect.plugin.orders import TOLD, WALKED, Orders, Word
from ktstr.introspect.plugin.watch import REGISTERS, Probe, Watch
from ktstr.model.errors import InfraError
from tests.introspect.plugin import streams

_PROBE = Probe("walk", streams.TEXT, streams.TEXT + 1, hold=True, walks=True)
_HELD = struct.pack(f"<IHHQ{len(REGISTERS)}Q", 0x444C4F48, 0, 1, 7, *range(len(REGISTERS)))


class OrdersTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        ours, self.qemu = socket.socketpair()
        self.qemu.settimeout(10)
        self.addCleanup(ours.close)
        self.addCleanup(self.qemu.close)
        self.orders = Orders(ours)

    def got(self) -> tuple[int, ...]:
        """Word, number, value and other of the next order."""
        data = self.qemu.recv(25)
        self.assertEqual(data[:1], b"o")
        return struct.unpack("<IIQQ", data[1:])

    def test_orders_are_those_of_the_plugin(self) -> None:
        self.orders.until(12)
        self.assertEqual(self.got(), (1, 0, 12, 0))
        self.orders.until(12, exact=True)
        self.assertEqual(self.got(), (1, 1, 12, 0))
        self.orders.stop_at(streams.TEXT, skip=3, not_before_ns=9)
        self.assertEqual(self.got(), (2, 3, streams.TEXT, 9))
        self.orders.clear()
        self.assertEqual(self.got(), (3, 0, 0, 0))
        self.orders.step()
        self.assertEqual(self.got(), (4, 0, 0, 0))
        self.orders.step(1)
        self.assertEqual(self.got(), (4, 2, 0, 0))
        self.orders.closely(True)
        self.assertEqual(self.got(), (7, 1, 0, 0))
        self.orders.stop_behind_write(4096, 8)
        self.assertEqual(self.got(), (5, 8, 4096, 0))

    def test_what_it_tells_may_come_in_pieces(self) -> None:
        known = 1 << WALKED.index("rip") | 1 << WALKED.index("rax")
        data = TOLD.pack(77, Word.BREAK, 5, 2, known, *range(len(WALKED)))
        self.qemu.send(data)
        told = self.orders.tell(1)
        self.assertEqual(self.got()[:2], (6, 1))
        self.assertEqual((told.now_ns, told.why, told.where, told.cpus), (77, Word.BREAK, 5, 2))
        self.assertEqual(told.registers, {"rax": 0, "rip": WALKED.index("rip")})

    def test_a_first_stand_was_no_order(self) -> None:
        self.qemu.send(TOLD.pack(77, 0, 0, 2, 0, *([0] * len(WALKED))))
        self.assertIsNone(self.orders.tell().why)

    def test_qemu_that_is_gone(self) -> None:
        self.qemu.close()
        with self.assertRaisesRegex(InfraError, "the guest that stands takes no order"):
            self.orders.clear()

    def test_qemu_that_ends_meanwhile(self) -> None:
        self.qemu.shutdown(socket.SHUT_WR)
        with self.assertRaisesRegex(InfraError, "the guest that stands tells nothing of CPU 1"):
            self.orders.tell(1)


class HoldTest(absltest.TestCase):
    def test_a_stand_of_a_walk_takes_orders_before_the_guest_goes_on(self) -> None:
        def meanwhile(held: Held) -> None:
            assert held.orders is not None
            held.orders.step(0)

        channel = HoldChannel(Watch(2, streams.KERNEL, (_PROBE,)), meanwhile, patient=True)
        self.addCleanup(channel.close)
        with socket.socket(fileno=os.dup(channel.theirs)) as qemu:
            channel.begin(42)
            qemu.send(_HELD)
            channel.serve()
            said = qemu.recv(99)
        self.assertEqual((said[:1], said[25:]), (b"o", b"g"))
        self.assertTrue(channel.patient)


if __name__ == "__main__":
    absltest.main()
