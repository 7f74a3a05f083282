# SPDX-License-Identifier: Apache-2.0
"""A task that hangs for real, while a program has left its line on the console unfinished."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

import ktstr

if TYPE_CHECKING:
    from ktstr import Context

# _IOWR('X', 119, int) and _IOWR('X', 120, int) of include/uapi/linux/fs.h
FIFREEZE, FITHAW = 0xC0045877, 0xC0045878


@ktstr.test(timeout=40, expect_fail=ktstr.ExpectFail(ktstr.Kind.KERNEL_LOG, "task media serv:"))
def behind_half_a_line(ctx: Context) -> None:
    """A child waits for a frozen file system until the kernel has reported it."""
    with open("/proc/sys/kernel/hung_task_timeout_secs", "w", encoding="ascii") as file:
        file.write("1")
    log = os.open("/dev/kmsg", os.O_RDONLY)
    os.lseek(log, 0, os.SEEK_END)
    mount = ctx.disk("disk0").mount_point
    root = os.open(mount, os.O_RDONLY)
    with open("/dev/console", "wb", buffering=0) as console:
        console.write(b"half a line")
    fcntl.ioctl(root, FIFREEZE, 0)
    child = os.fork()
    if child == 0:
        with open("/proc/self/comm", "w", encoding="ascii") as file:
            file.write("media serv")
        os.open(f"{mount}/new", os.O_WRONLY | os.O_CREAT)
        os._exit(0)
    try:
        while b"blocked for more than" not in os.read(log, 8192):
            pass
    finally:
        fcntl.ioctl(root, FITHAW, 0)
        os.waitpid(child, 0)
