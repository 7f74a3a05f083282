# SPDX-License-Identifier: Apache-2.0
"""Disk work types on real file systems: I/O is done and counted, and no file stays behind."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ktstr import CgroupDef, IoConvoy, IoRandRead, IoSyncWrite, Work, test

if TYPE_CHECKING:
    from ktstr import Context

_DISKS = ("btrfs", "ext4", "xfs")


@test(duration=0.3, timeout=60)
def workers_use_their_disks(ctx: Context) -> None:
    works = (
        *(Work(IoSyncWrite(disk), workers=1) for disk in _DISKS),
        *(Work(IoRandRead(disk), workers=1) for disk in (*_DISKS, "raw", "sealed")),
        *(Work(IoConvoy(disk), workers=2) for disk in _DISKS),
    )
    played = ctx.run(CgroupDef("io", works=works))
    assert not played.scenario.error, played.scenario.error
    assert len(played.workers) == 14, len(played.workers)
    for worker in played.workers:
        who = f"{worker.work_type} {worker.group}.{worker.index}"
        assert worker.completed and not worker.errors, (who, worker.exit_info, worker.errors)
        assert worker.io.count == worker.iterations > 0, (who, worker.io.count, worker.iterations)
    for disk in _DISKS:
        left = os.listdir(ctx.disk(disk).mount_point)
        assert not [name for name in left if name.startswith(".ktstr")], (disk, left)
