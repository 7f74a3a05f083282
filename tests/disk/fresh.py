# SPDX-License-Identifier: Apache-2.0
"""What every test is promised of its disks.  Each is named after its file system."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from ktstr import test

if TYPE_CHECKING:
    from ktstr import Context

# include/uapi/linux/magic.h, and not ktstr's own table: that is what is tested
_MAGIC = {"btrfs": 0x9123683E, "ext4": 0xEF53, "xfs": 0x58465342}
# 2026-01-01: the time of all that a template holds
_MOMENT = 1767225600
_HELLO = b"hello\n"
_SCRIPT = "/bin/tools/run.sh"
_SENTINEL = b"written by one test, for itself alone"


@test(timeout=30)
def as_promised(ctx: Context) -> None:
    for filesystem, magic in _MAGIC.items():
        top = Path("/mnt", filesystem)
        found = _statfs_type(top)
        assert found == magic, f"{top} has type {found:#x}, expected {magic:#x}"
        _check_contents(top)
        ran = subprocess.run([f"{top}{_SCRIPT}"], capture_output=True, check=True)
        assert ran.stdout == _HELLO
    mounts = Path("/proc/mounts").read_text(encoding="utf-8")
    assert "/mnt/raw" not in mounts and "/mnt/declined" not in mounts, mounts
    sealed = Path("/mnt/sealed")
    _check_contents(sealed)
    try:
        (sealed / "sentinel").write_bytes(_SENTINEL)
    except OSError as error:
        assert error.errno == errno.EROFS, error
    else:
        raise AssertionError("a read-only disk was written")


@test(timeout=30)
def first_writer(ctx: Context) -> None:
    _write_sentinels()


@test(timeout=30)
def second_writer(ctx: Context) -> None:
    _write_sentinels()


def _write_sentinels() -> None:
    """Both writers do the same: each must find none, whichever runs first."""
    for filesystem in _MAGIC:
        top = Path("/mnt", filesystem)
        names = {path.name for path in top.iterdir()} - {"lost+found"}
        assert names == {"hello", "bin"}, f"{top} holds {sorted(names)}"
        sentinel = top / "sentinel"
        with sentinel.open("wb") as file:
            file.write(_SENTINEL)
            file.flush()
            os.fsync(file.fileno())
        # what is read now comes from the disk
        Path("/proc/sys/vm/drop_caches").write_text("3", encoding="ascii")
        assert sentinel.read_bytes() == _SENTINEL


def _check_contents(top: Path) -> None:
    assert (top / "hello").read_bytes() == _HELLO
    for path, mode in (("/", 0o755), ("/hello", 0o644), ("/bin/tools", 0o755), (_SCRIPT, 0o755)):
        state = os.stat(f"{top}{path}")
        seen = (state.st_mode & 0o7777, state.st_uid, state.st_gid, state.st_mtime)
        assert seen == (mode, 0, 0, _MOMENT), f"{top}{path}: {seen}"


def _statfs_type(path: Path) -> int:
    """statfs.f_type, which Python does not tell."""
    asked = ["/bin/busybox", "stat", "-f", "-c", "%t", str(path)]
    return int(subprocess.run(asked, capture_output=True, text=True, check=True).stdout, 16)
