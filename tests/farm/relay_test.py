# SPDX-License-Identifier: Apache-2.0
"""The slow network that faults are tried with does what it says."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from absl.testing import absltest

from tests.support.relay import Network, Relay

_DEADLINE_S = 60


def _all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


@contextmanager
def _echo() -> Iterator[int]:
    """The port of a server that gives back all that one connection says, once that has ended."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(_DEADLINE_S)

        def serve() -> None:
            for _ in range(2):
                try:
                    connection, _ = server.accept()
                    with connection:
                        connection.sendall(_all(connection))
                except OSError:
                    continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]


def _said(port: int, data: bytes) -> bytes:
    """What came back. Raises OSError when the connection is lost."""
    with socket.create_connection(("127.0.0.1", port), _DEADLINE_S) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return _all(connection)


class RelayTest(absltest.TestCase):
    def test_all_bytes_arrive_in_their_order(self) -> None:
        data = bytes(range(256)) * 4000
        with _echo() as port, Relay(port, Network(delay_s=0.01)) as relay:
            self.assertEqual(data, _said(relay.port, data))
            self.assertEqual((2 * len(data), 0), (relay.passed, relay.resets))

    def test_none_arrives_sooner_than_the_network_lets_it(self) -> None:
        with _echo() as port, Relay(port, Network(0.1, bytes_per_s=100_000)) as relay:
            began = time.monotonic()
            self.assertLen(_said(relay.port, b"x" * 20_000), 20_000)
            # Bytes and their end wait for the delay at the same time; each way needs 0.2 s more.
            self.assertGreater(time.monotonic() - began, 0.6)

    def test_a_connection_is_reset_after_its_bytes_and_no_more_than_wanted(self) -> None:
        network = Network(reset_after=(5_000, 9_000), most_resets=1)
        with _echo() as port, Relay(port, network) as relay:
            with self.assertRaises(OSError):
                _said(relay.port, b"x" * 20_000)
            self.assertEqual(1, relay.resets)
            self.assertLen(_said(relay.port, b"x" * 20_000), 20_000)
            self.assertEqual(1, relay.resets)

    def test_a_server_that_is_not_there_is_not_there_behind_it(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        with Relay(port, Network()) as relay, self.assertRaises(OSError):
            _said(relay.port, b"x" * 1_000_000)


if __name__ == "__main__":
    absltest.main()
