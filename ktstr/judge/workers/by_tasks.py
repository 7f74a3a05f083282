# SPDX-License-Identifier: Apache-2.0
"""Where EEVDF weighs a cgroup by its tasks as well, and no longer by cpu.weight alone.

Since Linux 7.3 a cgroup weighs its cpu.weight once for each task that wants a CPU, at most for each
of its CPUs (kernel/sched/fair.c calc_concur_shares).  Those tasks are told by an average that n of
them come close to and do not reach, so that it counts n or one less, and never less than one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_SINCE = (7, 3)


def weighs_by_tasks(release: str) -> bool:
    """Whether a kernel of this release does."""
    found = re.match(r"(\d+)\.(\d+)", release)
    return found is not None and (int(found[1]), int(found[2])) >= _SINCE


def times(hungry: int, workers: int, cpus: int) -> tuple[int, int]:
    """How often a cgroup may count its weight, at least and at most.

    hungry: those of its workers that want a CPU all the time.
    """
    return max(1, min(hungry - 1, cpus)), max(1, min(workers, cpus))


def differs(counts: Iterable[tuple[int, int]]) -> bool:
    """Whether siblings of these `times` may get other shares than their weights say."""
    return len(set(counts)) > 1
