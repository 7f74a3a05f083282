# SPDX-License-Identifier: Apache-2.0
"""A machine with one NUMA node that says what its memory is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import ktstr

if TYPE_CHECKING:
    from ktstr import Context

_LATENCY = Path("/sys/devices/system/node/node0/access0/initiators/read_latency")


@ktstr.test(checks=ktstr.Checks(not_starved=False))
def described(ctx: Context) -> None:
    """The guest is told; that the host has compared it all is what makes this run conclusive."""
    assert _LATENCY.read_text() == "200\n"
    assert len(ctx.topology.nodes) == 1
