# SPDX-License-Identifier: Apache-2.0
"""The QMP client against the protocol's words: answers, errors, events, silence and hang-ups."""

import json
import socket
from typing import Any

from absl.testing import absltest

from ktstr.vm.qmp import Qmp, QmpError


class QmpTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        ours, self.qemu = socket.socketpair()
        self.qmp = Qmp(ours)
        self.addCleanup(self.qemu.close)
        self.addCleanup(self.qmp.close)

    def _says(self, *messages: dict[str, Any]) -> None:
        for message in messages:
            self.qemu.sendall(json.dumps(message).encode() + b"\r\n")

    def _heard(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.qemu.recv(1 << 16).splitlines()]

    def test_negotiation(self) -> None:
        self._says({"QMP": {"version": {}}}, {"return": {}, "id": 1})
        self.qmp.negotiate(1.0)
        self.assertEqual(self._heard(), [{"execute": "qmp_capabilities", "id": 1}])

    def test_no_greeting(self) -> None:
        with self.assertRaisesRegex(QmpError, "greeting: no answer from QEMU within"):
            self.qmp.negotiate(0.01)

    def test_answer_comes_back_and_events_are_kept(self) -> None:
        self._says({"event": "RESET", "data": {"guest": True}}, {"return": [1, 2], "id": 1})
        self.assertEqual(self.qmp.execute("query-x", what="y"), [1, 2])
        self.assertEqual(self._heard()[0]["arguments"], {"what": "y"})
        self._says({"event": "STOP"})
        self.assertEqual([each["event"] for each in self.qmp.events()], ["RESET", "STOP"])
        self.assertEmpty(self.qmp.events())

    def test_refusal(self) -> None:
        self._says({"error": {"class": "GenericError", "desc": "no such thing"}, "id": 1})
        with self.assertRaisesRegex(QmpError, "query-x: GenericError: no such thing"):
            self.qmp.execute("query-x")

    def test_silence_ends_at_the_deadline(self) -> None:
        with self.assertRaisesRegex(QmpError, "query-x: no answer from QEMU within"):
            self.qmp.execute("query-x", timeout=0.01)

    def test_hang_up(self) -> None:
        self._says({"event": "SHUTDOWN"})
        self.qemu.close()
        self.assertEqual([each["event"] for each in self.qmp.events()], ["SHUTDOWN"])
        self.assertTrue(self.qmp.closed)
        with self.assertRaisesRegex(QmpError, "QEMU is gone|closed the connection"):
            self.qmp.execute("query-x")

    def test_message_in_pieces(self) -> None:
        self.qemu.sendall(b'{"event": "RE')
        self.assertEmpty(self.qmp.events())
        self.qemu.sendall(b'SET"}\n')
        self.assertLen(self.qmp.events(), 1)

    def test_garbage(self) -> None:
        self.qemu.sendall(b"what?\n")
        with self.assertRaisesRegex(QmpError, "no JSON in b'what"):
            self.qmp.events()


if __name__ == "__main__":
    absltest.main()
