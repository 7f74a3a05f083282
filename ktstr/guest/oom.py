# SPDX-License-Identifier: Apache-2.0
"""Who goes first when the guest runs out of memory (Documentation/filesystems/proc.rst, 3.1)."""

from __future__ import annotations

NEVER_KILLED = -1000
ORDINARY = 0


def set_oom_score(score: int) -> None:
    """Sets this process's oom_score_adj, which its children inherit.

    Raises:
        OSError: the kernel refuses (CAP_SYS_RESOURCE is needed to lower it).
    """
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write(str(score))
