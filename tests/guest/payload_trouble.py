# SPDX-License-Identifier: Apache-2.0
"""Functions that end badly with payloads running; payload_trouble_test reads their reports."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import ktstr

if TYPE_CHECKING:
    from ktstr import Context


@ktstr.test(timeout=2.0)
def outlives_its_function(ctx: Context) -> None:
    """The function's process is killed, and cannot end its payload in a cgroup any more."""
    os.makedirs("/sys/fs/cgroup/ktstr/far")
    handle = ctx.payload("script").arg("exec sleep 3600").in_cgroup("far").spawn()
    signal.pause()
    handle.kill()


@ktstr.test()
def garbles_its_link(ctx: Context) -> None:
    """Something else than frames gets into the pipe to the agent."""
    os.write(ctx._sink._descriptor, b"no frame")  # type: ignore[attr-defined]
    assert ctx.payload("script").arg("exit 0").run().ok


@ktstr.test()
def lacks_its_program(ctx: Context) -> None:
    """What cannot be started is told with its reason."""
    ctx.payload("script").arg("exit 0").in_cgroup("nowhere").run()
