# SPDX-License-Identifier: Apache-2.0
"""Packets of gdb's protocol come as they were sent, in whatever pieces."""

import socket

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.introspect.gdb.packets import INTERRUPT, MOST_BYTES, Incoming, framed
from ktstr.introspect.gdb.server import Server


class PacketsTest(absltest.TestCase):
    @given(st.lists(st.binary(max_size=40), max_size=5), st.data())
    def test_what_was_framed_comes_whole_in_any_pieces(
        self, sent: list[bytes], data: st.DataObject
    ) -> None:
        stream = b"+".join(map(framed, sent))
        cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
        incoming, found = Incoming(), []
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            found += incoming.feed(stream[start:end])
        self.assertEqual((found, incoming.bad), (sent, 0))

    @given(st.binary(max_size=200))
    def test_whatever_comes_is_taken(self, data: bytes) -> None:
        incoming = Incoming()
        incoming.feed(data)
        # what was left open ends here: what follows is a packet again
        incoming.feed(b"#00")
        self.assertIn(b"qC", incoming.feed(framed(b"qC")))

    def test_bytes_that_mean_something_are_turned(self) -> None:
        self.assertEqual(
            framed(b"a$b#"), b"$a}\x04b}\x03#" + b"%02x" % (sum(b"a}\x04b}\x03") % 256)
        )
        self.assertEqual(framed(b""), b"$#00")

    def test_a_wrong_sum_is_told(self) -> None:
        incoming = Incoming()
        self.assertEqual(incoming.feed(b"$qC#b5$qC#b4"), [b"qC"])
        self.assertEqual(incoming.bad, 1)

    def test_an_interrupt_between_packets(self) -> None:
        self.assertEqual(Incoming().feed(b"+\x03" + framed(b"?")), [INTERRUPT, b"?"])

    def test_what_never_ends_is_dropped(self) -> None:
        incoming = Incoming()
        self.assertEqual(incoming.feed(b"$" + bytes(MOST_BYTES + 1)), [])
        self.assertEqual(incoming.bad, 1)
        self.assertEqual(incoming.feed(framed(b"?")), [b"?"])


class ServerTest(absltest.TestCase):
    def setUp(self) -> None:
        self.gdb, self._theirs = socket.socketpair()
        self.ends, self._end = socket.socketpair()
        for each in (self.gdb, self.ends, self._end):
            self.addCleanup(each.close)

    def _server(self, longest_s: float = 60.0) -> Server:
        """One that `self.gdb` talks to; `self.ends` tells it of the end."""
        server = Server(0, self._end, longest_s=longest_s)
        self.addCleanup(server.close)
        server.adopt(self._theirs.detach())
        return server

    def test_any_number_of_interrupts_is_passed_over(self) -> None:
        server = self._server()
        self.gdb.sendall(INTERRUPT * 5000 + framed(b"?"))
        self.assertEqual(server.packet(), b"?")

    def test_a_gdb_that_takes_nothing_any_more_is_gone(self) -> None:
        server = self._server(longest_s=0.1)
        self.gdb.sendall(framed(b"?"))
        for _ in range(64):
            server.send("0" * (1 << 16))
        self.assertIsNone(server.packet())

    def test_who_waits_for_gdb_to_take_something_hears_of_the_end(self) -> None:
        server = self._server()
        self.ends.send(b"!")
        for _ in range(64):
            server.send("0" * (1 << 16))
        self.assertIsNone(server.packet())


if __name__ == "__main__":
    absltest.main()
