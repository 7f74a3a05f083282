# SPDX-License-Identifier: Apache-2.0
"""A test that finds its disk fresh, writes to it, and looks again after a while."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ktstr import CgroupDef, test

if TYPE_CHECKING:
    from ktstr import Context

_SENTINEL = Path("/mnt/disk0/sentinel")


@test(duration=3.0, timeout=60)
def keeps_its_own(ctx: Context) -> None:
    assert not _SENTINEL.exists(), f"found {_SENTINEL.read_text(encoding='ascii')!r}"
    mine = f"written with seed {ctx.seed}"
    with _SENTINEL.open("w", encoding="ascii") as file:
        file.write(mine)
        file.flush()
        os.fsync(file.fileno())
    Path("/dev/kmsg").write_text("sentinel is on disk\n", encoding="ascii")
    ctx.run(CgroupDef("cg_0"))
    Path("/proc/sys/vm/drop_caches").write_text("3", encoding="ascii")
    assert _SENTINEL.read_text(encoding="ascii") == mine
