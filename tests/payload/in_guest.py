# SPDX-License-Identifier: Apache-2.0
"""Payloads in a real guest: the programs start, and print what their targets say of them."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from ktstr import metric, test

if TYPE_CHECKING:
    from ktstr import Context


@test(timeout=200)
def programs(ctx: Context) -> None:
    """Those of the locked root and of the kernel tree, with their own checks."""
    for name, args in (
        ("cyclictest", ("--loops=100", "--interval=1000", "--policy=other")),
        ("hackbench", ("-l", "10", "-g", "1")),
        ("nsleep_lat", ()),
    ):
        result = ctx.payload(name).args(*args).timeout(150).run()
        assert result.ok, (name, result.failures, result.facts)
    result = ctx.payload("cyclictest").args("--loops=10").run()
    assert result.metric("thread.0.cycles") == 10, result.facts.metrics
    assert 0 < result.metric("thread.0.min") <= result.metric("thread.0.max")


@test()
def loopback(ctx: Context) -> None:
    """Programs reach each other over 127.0.0.1, and over ::1 where the kernel has IPv6."""
    addresses = [(socket.AF_INET, "127.0.0.1")]
    if os.path.exists("/proc/net/if_inet6"):
        addresses.append((socket.AF_INET6, "::1"))
    for family, address in addresses:
        with socket.socket(family) as server, socket.socket(family) as client:
            server.bind((address, 0))
            server.listen()
            client.settimeout(10)
            client.connect(server.getsockname())
            client.sendall(b"word")
            accepted = server.accept()[0]
            with accepted:
                assert accepted.recv(4) == b"word", address


@test()
def script_with_files(ctx: Context) -> None:
    """A script finds its interpreter, its files, and the programs beside it."""
    result = (
        ctx.payload("greeter")
        .arg("more")
        .check(metric.Range("arguments", 2, 2))
        .check(metric.Range("data", 7, 7))
        .check(metric.Range("absolute", 7, 7))
        .check(metric.Range("tool", 1, 1))
        .run()
    )
    assert result.ok, (result.failures, result.facts)
    assert os.access("/payloads/greeter/bin/greet.sh", os.X_OK)
    assert not os.access("/payloads/greeter/data/number", os.X_OK)
