# SPDX-License-Identifier: Apache-2.0
"""gdb on a guest that stands where its run begins: there is nothing to go back to."""

from __future__ import annotations

import contextlib
import io
import re
import socket
import threading
from unittest import mock

from absl.testing import absltest

from ktstr.introspect.gdb.packets import Incoming, framed
from ktstr.introspect.instant.place import seconds
from ktstr.introspect.instant.stand import Stand
from ktstr.introspect.instant.walk import Walk
from ktstr.runner.replay.arguments import Replay
from ktstr.runner.replay.debugger import Debugger
from ktstr.runner.replay.known import Known
from ktstr.runner.replay.player import Player

_BEGIN_NS = 500_000_000
_WAIT_S = 30


class _Told(io.StringIO):
    """What the debugger prints; says when gdb is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = threading.Event()

    def flush(self) -> None:
        if "target remote" in self.getvalue():
            self.waits.set()


class DebuggerTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        ends, end = socket.socketpair()
        self.addCleanup(ends.close)
        self.addCleanup(end.close)
        walk = mock.create_autospec(Walk, instance=True, begins_ns=_BEGIN_NS)
        session = mock.Mock(termination=end)
        self.player = mock.create_autospec(Player, instance=True, session=session, walking=walk)
        self.known = mock.create_autospec(Known, instance=True, begin_ns=None, end_ns=None)
        self.known.on_line = seconds
        self.known.instant_ns = lambda when: when.count
        told = mock.Mock(now_ns=1, cpus=1, why=None)
        held = mock.Mock(cpu=0)
        self.stand = mock.create_autospec(
            Stand, instance=True, at_ns=_BEGIN_NS, told=told, held=held, where="schedule"
        )

    def asked(self, *packets: str) -> list[str]:
        """What gdb gets for these, with acknowledgements left out."""
        wanted = mock.create_autospec(Replay, instance=True, port=0, write=False)
        debugger, said = Debugger(wanted, self.player, self.known), _Told()
        replies: list[bytes] = []

        def gdb() -> None:
            said.waits.wait(_WAIT_S)
            (port,) = re.findall(r"127\.0\.0\.1:(\d+)", said.getvalue())
            with socket.create_connection(("127.0.0.1", int(port)), _WAIT_S) as connection:
                incoming = Incoming()
                for packet in (*packets, "D"):
                    connection.sendall(framed(packet.encode()))
                    found: list[bytes] = []
                    while not found:
                        found = incoming.feed(connection.recv(4096))
                    replies.extend(found)

        thread = threading.Thread(target=gdb)
        thread.start()
        with contextlib.redirect_stdout(said):
            self.assertIs(debugger.stood(self.stand), False)
        thread.join()
        return [each.decode() for each in replies]

    def test_an_instant_before_the_beginning_is_refused_and_the_session_goes_on(self) -> None:
        command = b"goto guest:0.1s".hex()
        refused, why, _ = self.asked(f"qRcmd,{command}", "?")
        self.assertEqual(
            bytes.fromhex(refused).decode(),
            "0.100000000 s of the guest is before all that is run anew, which begins at "
            "0.500000000 s of the guest\n",
        )
        self.assertEqual(why, "T05thread:1;")

    def test_no_step_back_from_the_beginning(self) -> None:
        self.assertEqual(self.asked("bs")[0], "T05replaylog:begin;thread:1;")


if __name__ == "__main__":
    absltest.main()
