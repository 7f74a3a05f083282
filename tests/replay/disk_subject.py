# SPDX-License-Identifier: Apache-2.0
"""Writes files to a disk, one after the other, each of which reaches it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ktstr import test

if TYPE_CHECKING:
    from ktstr import Context


@test(timeout=30)
def writes(ctx: Context) -> None:
    """Four files; of what is on the disk before each is written, the ones before are a part."""
    top = Path(ctx.disk("disk0").mount_point)
    for number in range(4):
        with (top / f"file{number}").open("wb") as file:
            file.write(b"%d" % number * 4096)
            file.flush()
            os.fsync(file.fileno())
        assert len(list(top.glob("file*"))) == number + 1
