# SPDX-License-Identifier: Apache-2.0
"""A test that says all that lies in its guest's file system, and uses what was brought into it."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import ktstr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ktstr import Context

# Mounted by the guest, or the test's own, in which its name is.
_NOT = {"/proc", "/sys", "/dev", "/run", "/tmp", "/ktstr", "/mnt"}


def _tree() -> Iterator[str]:
    for folder, below, files in os.walk("/"):
        below[:] = sorted(each for each in below if os.path.join(folder, each) not in _NOT)
        for name in sorted([*below, *files]):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            size = status.st_size if stat.S_ISREG(status.st_mode) else status.st_rdev
            target = os.readlink(path) if stat.S_ISLNK(status.st_mode) else ""
            yield f"{path} {status.st_mode:o} {size} {status.st_nlink} {target}"


@ktstr.test()
def says_all(ctx: Context) -> None:
    tree = "\n".join(_tree())
    ctx.note("tree", hashlib.sha256(tree.encode()).hexdigest())
    ctx.note("entries", tree.count("\n"))
    ctx.note("own", hashlib.sha256(Path("/opt/brought/own").read_bytes()).hexdigest())
    ctx.note("layers", " ".join(sorted(os.listdir("/scheduler"))))
    disk = Path("/mnt/disk0")
    ctx.note("disk", " ".join(sorted(os.listdir(disk))))
    (disk / "mine").write_text("written")
    ctx.note("ran", ctx.payload("script").args("a", "b").run().ok)
