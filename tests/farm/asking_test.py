# SPDX-License-Identifier: Apache-2.0
"""Servers that answer, that are not there, and that are there and say nothing."""

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from absl.testing import absltest

from tools.farm.asking import Answer, ask

_SETTINGS = bytes.fromhex("000000 04 00 00000000")
# Trailers of a stream that ends: one header, indexed, as HPACK's table has it.
_HEADERS = bytes.fromhex("000001 01 05 00000001 88")
_GOODBYE = bytes.fromhex("000008 07 00 00000000 00000000 00000002")
_DEADLINE_S = 30
_SOON_S = 0.3


@contextmanager
def _serving(listening: socket.socket, said: bytes, *, closes: bool) -> Iterator[list[bytes]]:
    """Says so much to one connection; gives what it has heard."""
    heard: list[bytes] = []
    over = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            heard.append(connection.recv(65536))
            connection.sendall(said)
            if not closes:
                over.wait(_DEADLINE_S)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield heard
    finally:
        over.set()
        thread.join()


class AskingTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.listening = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        self.port: int = self.listening.getsockname()[1]

    def test_any_response_is_an_answer(self) -> None:
        with _serving(self.listening, _SETTINGS + _HEADERS, closes=False) as heard:
            self.assertIs(Answer.GIVEN, ask(self.port, _DEADLINE_S))
        self.assertStartsWith(heard[0], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.assertIn(b"/build.bazel.remote.execution.v2.Capabilities/GetCapabilities", heard[0])

    def test_a_unix_socket_is_asked_alike(self) -> None:
        # Not Bazel's directory for it, whose path is too long for sockets.
        folder = self.enterContext(tempfile.TemporaryDirectory(dir="/tmp"))
        path = Path(folder) / "s"
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
            listening.listen()
            with _serving(listening, _SETTINGS + _HEADERS, closes=False):
                self.assertIs(Answer.GIVEN, ask(path, _DEADLINE_S))

    def test_settings_alone_are_no_answer(self) -> None:
        """The library has them sent by threads of its own, whatever the server does."""
        with _serving(self.listening, _SETTINGS, closes=False):
            self.assertIs(Answer.NONE, ask(self.port, _SOON_S))

    def test_who_only_listens_gives_none(self) -> None:
        self.assertIs(Answer.NONE, ask(self.port, _SOON_S))

    def test_who_closes_the_connection_is_ending_and_not_hanging(self) -> None:
        with _serving(self.listening, _SETTINGS + _GOODBYE, closes=True):
            self.assertIs(Answer.NOBODY, ask(self.port, _DEADLINE_S))

    def test_nobody_is_there(self) -> None:
        self.listening.close()
        self.assertIs(Answer.NOBODY, ask(self.port, _DEADLINE_S))
        self.assertIs(Answer.NOBODY, ask(Path("/does-not-exist"), _DEADLINE_S))


if __name__ == "__main__":
    absltest.main()
