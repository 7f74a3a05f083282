# SPDX-License-Identifier: Apache-2.0
"""Small file systems for tests, in a mount namespace of this process.

The namespace is private, so mounts end with the process however it ends, and their loop devices,
made with autoclear by mount(8), with them.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import unittest
from pathlib import Path

from runfiles import Runfiles

# sched.h and sys/mount.h
_CLONE_NEWNS = 0x00020000
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_LIBC = ctypes.CDLL(None, use_errno=True)


def enter_namespace() -> None:
    """Moves this process into a mount namespace of its own.

    Raises:
      SkipTest: it may not.
    """
    if _LIBC.unshare(_CLONE_NEWNS) or _LIBC.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None):
        reason = os.strerror(ctypes.get_errno())
        raise unittest.SkipTest(f"no mount namespace for user {os.geteuid()}: {reason}")


def mount(test: unittest.TestCase, point: Path, *arguments: str) -> None:
    """Mounts at `point` until the test is over; skips the test where that is not allowed."""
    point.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", *arguments, str(point)], capture_output=True, text=True)
    if done.returncode:
        raise unittest.SkipTest(f"cannot mount here: {done.stderr.strip()}")
    test.addCleanup(subprocess.run, ["umount", str(point)], check=True)


def mount_image(
    test: unittest.TestCase, point: Path, filesystem: str, size: int, *options: str
) -> None:
    """Mounts a new file system of `size` bytes, made with the locked root's mkfs."""
    image = point.with_suffix(".img")
    with image.open("xb") as file:
        file.truncate(size)
    root_command(f"sbin/mkfs.{filesystem}", *options, str(image))
    mount(test, point, "-t", filesystem, "-o", "loop", str(image))


def root_command(program: str, *arguments: str) -> str:
    """Runs a program below /usr of the locked Debian root, with its own libraries."""
    runfiles = Runfiles.Create()
    found = runfiles.Rlocation(os.environ["DEBIAN_ROOT"]) if runfiles else None
    if found is None:
        raise AssertionError("the locked Debian root is not among the runfiles")
    usr = Path(found) / "usr"
    loader = [str(usr / "lib64/ld-linux-x86-64.so.2"), "--library-path"]
    library_path = str(usr / "lib/x86_64-linux-gnu")
    command = [*loader, library_path, str(usr / program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"{program} {arguments}: {done.stdout}{done.stderr}")
    return done.stdout
