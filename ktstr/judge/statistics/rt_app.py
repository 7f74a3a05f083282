# SPDX-License-Identifier: Apache-2.0
"""Figures of rt-app's tasks, under the names that rt-app's logs have for them (doc/tutorial.txt).

A row of such a log is a turn of a phase; here are means over the turns of all tasks of a cgroup,
and the worst.  Slack is what is left to a timer's next moment when it is reached; negative, it was
missed.
"""

from __future__ import annotations

from collections.abc import Iterable

from ktstr.judge.workers.subjects import NS_PER_US
from ktstr.model.facts import WorkerFacts

# figure -> a sum of the workers', and what counts its terms
_MEANS = {
    "run_us": ("run_ns", "turns"),
    "c_run_us": ("c_run_ns", "turns"),
    "period_us": ("period_ns", "turns"),
    "c_period_us": ("c_period_ns", "turns"),
    "slack_us": ("slack_ns", "timers"),
    "wu_lat_us": ("wu_lat_ns", "wakes"),
}


def rt_app_figures(workers: Iterable[WorkerFacts]) -> dict[str, float]:
    """Those figures that the workers have measured; nothing where none is a task of rt-app's.

    Workers of an author's own types may count under the same names: each sum is of those alone
    that have all its parts.
    """
    told = [worker.own for worker in workers if worker.own.get("turns")]
    found = {}
    for name, (total, count) in _MEANS.items():
        counted = _counting(told, count, total)
        terms = sum(own[count] for own in counted)
        if terms:
            found[name] = sum(own[total] for own in counted) / terms / NS_PER_US
    timed = _counting(told, "timers", "slack_min_ns", "slack_missed")
    if timed:
        found["slack_min_us"] = min(own["slack_min_ns"] for own in timed) / NS_PER_US
        found["slack_missed"] = float(sum(own["slack_missed"] for own in timed))
    late = [own["wu_lat_max_ns"] for own in _counting(told, "wakes", "wu_lat_max_ns")]
    if late:
        found["wu_lat_max_us"] = max(late) / NS_PER_US
    return found


def _counting(told: Iterable[dict[str, int]], count: str, *parts: str) -> list[dict[str, int]]:
    """Those with some of what `count` counts, and with these parts of it."""
    return [own for own in told if own.get(count) and own.keys() >= set(parts)]
