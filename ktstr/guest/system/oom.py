# SPDX-License-Identifier: Apache-2.0
"""Who goes first when the guest runs out of memory (Documentation/filesystems/proc.rst, 3.1)."""

from __future__ import annotations

NEVER_KILLED = -1000
ORDINARY = 0
_SCORE = "/proc/self/oom_score_adj"


def set_oom_score(score: int, pid: int | None = None) -> None:
    """Sets the oom_score_adj of this process, or of `pid`; children inherit it.

    Raises:
        OSError: the kernel refuses (CAP_SYS_RESOURCE is needed to lower it), or there is none.
    """
    path = _SCORE if pid is None else f"/proc/{pid}/oom_score_adj"
    with open(path, "w", encoding="ascii") as file:
        file.write(str(score))


def ordinary_again() -> None:
    """Gives up what protection this process has inherited; no privilege is needed for that.

    Raises:
        OSError: /proc is not there.
    """
    with open(_SCORE, encoding="ascii") as file:
        score = int(file.read())
    if score < ORDINARY:
        set_oom_score(ORDINARY)
