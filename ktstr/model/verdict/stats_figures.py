# SPDX-License-Identifier: Apache-2.0
"""Figures that a scheduler tells of itself (`ktstr.model.wire.stats`).

A name is `stats.NAME`, and NAME the path of a number in its answer: `stats.nr_kthread_dispatches`,
`stats.layers.batch.util`.  `STEP:` before it means one step, as for other figures.
"""

from __future__ import annotations

import re

STATS = "stats"
_IN_STEP = re.compile(rf"(.+?):{STATS}\.(.+)", re.DOTALL)


def stats_figure(stat: str, step: str) -> tuple[str, str] | None:
    """The step, empty if none was given, and NAME; None for another name.

    A scenario that makes a cgroup `stats` can name its figures, and none of these.
    """
    if stat.startswith(f"{STATS}."):
        return step, stat.removeprefix(f"{STATS}.")
    found = None if step else _IN_STEP.fullmatch(stat)
    return None if found is None else (found[1], found[2])
