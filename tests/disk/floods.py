# SPDX-License-Identifier: Apache-2.0
"""Tests that need more of their disk than a host may have, or never get one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ktstr import test

if TYPE_CHECKING:
    from ktstr import Context

_BLOCK = 1 << 20


@test(timeout=100)
def fills_its_disk(ctx: Context) -> None:
    """Writes nearly all of a disk of 256 MiB."""
    path = Path(ctx.disk("disk0").mount_point, "flood")
    print("fills_its_disk has begun", flush=True)
    with path.open("wb") as file:
        for _ in range(200):
            file.write(os.urandom(_BLOCK))
        os.fsync(file.fileno())


@test(timeout=30)
def never_begins(ctx: Context) -> None:
    """Its disk cannot be mounted."""
    print("never_begins has begun", flush=True)
