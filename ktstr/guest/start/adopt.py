# SPDX-License-Identifier: Apache-2.0
"""Makes this guest one of its own: random numbers, host name and wall clock that no other has.

All it reads is the text of a `model.start.GuestStart`, taken apart here: importing the record's
module would cost every cold boot more than the rest of this file.
"""

from __future__ import annotations

import fcntl
import json
import struct
import sys
import time

from ktstr.guest.start.hello import START
from ktstr.guest.system.sysfs import contents

# include/uapi/linux/random.h: _IOW('R', 0x03, int[2]) and _IO('R', 0x07)
RNDADDENTROPY = 0x40085203
RNDRESEEDCRNG = 0x5207
_RANDOM = "/dev/urandom"
_HOSTNAME = "/proc/sys/kernel/hostname"


def settle() -> None:
    """Takes on what `START` holds; a guest that was given none stays as it came up.

    Raises:
        OSError, ValueError, KeyError: as `adopt` says.
    """
    if text := contents(START):
        adopt(text)


def adopt(text: bytes) -> None:
    """Takes on what `GuestStart.to_json` wrote.

    The kernel makes its boot_id from these random numbers, for it does so when it is first read.

    Raises:
        OSError: the kernel refuses something of it.
        ValueError, KeyError: the text is something else.
    """
    start = json.loads(text)
    entropy = bytes.fromhex(start["entropy"])
    with open(_RANDOM, "rb", buffering=0) as device:
        fcntl.ioctl(device, RNDADDENTROPY, pool_info(entropy))
        # what the kernel drew in advance must not come out of the saved guest's state
        fcntl.ioctl(device, RNDRESEEDCRNG)
    with open(_HOSTNAME, "wb", buffering=0) as file:
        file.write(start["hostname"].encode())
    # after a cold boot the machine's own clock is ahead of when this was written, and right
    now_ns = max(start["wall_ns"], time.time_ns())
    time.clock_settime_ns(time.CLOCK_REALTIME, now_ns)
    # it seeded itself when it was imported, which in a clone was before it was saved
    if loaded := sys.modules.get("random"):
        loaded.seed(entropy)


def pool_info(entropy: bytes) -> bytes:
    """A `struct rand_pool_info` that credits every bit of `entropy`."""
    return struct.pack("=ii", 8 * len(entropy), len(entropy)) + entropy
