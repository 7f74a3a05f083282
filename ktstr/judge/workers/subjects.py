# SPDX-License-Identifier: Apache-2.0
"""What checks talk about: cgroups with their workers, and how both are called in messages."""

from __future__ import annotations

from ktstr.model.facts import WorkerFacts

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000

# a worker that lived shorter than this says nothing about shares and rates
MIN_WINDOW_NS = 20 * NS_PER_MS
_CRASHES = ("killed by ", "exit status ", "ended without a report")


def worker_name(worker: WorkerFacts) -> str:
    """E.g. `cg_0 worker 0.1`: cgroup, group, index."""
    return f"{worker.cgroup or '(outside)'} worker {worker.group}.{worker.index}"


def wall_ns(worker: WorkerFacts) -> int:
    """Nanoseconds from the worker's start to its end, never negative."""
    return max(0, worker.ended_ns - worker.started_ns)


def crashed(worker: WorkerFacts) -> bool:
    """Whether it ended by itself without a report, so that its silence is its own doing.

    The agent kills and says so (`no report within ...`) what does not answer when told to stop.
    """
    return not worker.completed and worker.exit_info.startswith(_CRASHES)


def requested(worker: WorkerFacts, name: str) -> str:
    """What a worker asked for by that name, e.g. `fifo` as its `policy`; empty for nothing."""
    return dict(word.partition("=")[::2] for word in worker.requested.split()).get(name, "")


def affinity_of(worker: WorkerFacts) -> str:
    """The affinity that was asked for, as a CPU list; empty for none."""
    affinity = requested(worker, "affinity")
    return "" if affinity == "inherited" else affinity


def is_within(cgroup: str, above: str) -> bool:
    """Whether a cgroup is `above` or one below it, by their paths."""
    return f"{cgroup}/".startswith(f"{above}/")


def ordered(workers: tuple[WorkerFacts, ...]) -> list[WorkerFacts]:
    """The workers by cgroup, step, group and index."""
    return sorted(workers, key=_order)


def by_cgroup(workers: tuple[WorkerFacts, ...]) -> dict[str, list[WorkerFacts]]:
    """The workers of each cgroup, cgroups in the order of their names."""
    groups: dict[str, list[WorkerFacts]] = {}
    for worker in ordered(workers):
        groups.setdefault(worker.cgroup, []).append(worker)
    return groups


def _order(worker: WorkerFacts) -> tuple[str, int, int, int]:
    step = -1 if worker.step is None else worker.step
    return worker.cgroup, step, worker.group, worker.index
