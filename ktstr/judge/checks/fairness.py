# SPDX-License-Identifier: Apache-2.0
"""max_spread_pct: CPU-hungry workers of a cgroup get their fair share of the CPU.

A share is CPU time by wall time, so 1 is a whole CPU.  Fair shares follow the load weights of
sched(7)'s nice levels, but nobody can use more than one CPU: the excess goes to the others
(water-filling).  With equal weights all fair shares are equal and the spread is that of the
shares themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ktstr.judge.checks.measure import Limit, Measurement
from ktstr.judge.workers.presence import ALL_THERE, Presence
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import (
    MIN_WINDOW_NS,
    affinity_of,
    by_cgroup,
    ordered,
    wall_ns,
    worker_name,
)
from ktstr.judge.workers.windows import allowed, stranded, together, used
from ktstr.model.facts import WorkerFacts
from ktstr.model.verdict.kinds import Kind

_WORST_SHOWN = 2


@dataclass(frozen=True)
class Share:
    """One worker's part of the CPU: what it got and what was fair, 1 being a whole CPU."""

    worker: WorkerFacts
    got: float
    fair: float

    @property
    def excess(self) -> float:
        """How much more than fair it got; negative when less."""
        return self.got - self.fair


@dataclass(frozen=True)
class Cohort:
    """Workers that were allowed the same CPUs at the same time."""

    cgroup: str
    cpus: int
    shares: tuple[Share, ...]

    @property
    def spread_pct(self) -> float:
        """Distance of the largest from the smallest excess, in percent of wall time."""
        excesses = [share.excess for share in self.shares]
        return 100 * (max(excesses) - min(excesses))


def fair_shares(weights: Sequence[int], capacity: float) -> list[float]:
    """Divides `capacity` CPUs by `weights` (> 0), at most one CPU each.

    The shares add up to min(capacity, number of weights).
    """
    shares = [0.0] * len(weights)
    open_ones = list(range(len(weights)))
    left = capacity
    while open_ones:
        level = left / sum(weights[i] for i in open_ones)
        full = [i for i in open_ones if weights[i] * level >= 1.0]
        if not full:
            for i in open_ones:
                shares[i] = weights[i] * level
            break
        for i in full:
            shares[i] = 1.0
        left -= len(full)
        open_ones = [i for i in open_ones if i not in set(full)]
    return shares


def cohorts(
    workers: tuple[WorkerFacts, ...],
    machine: frozenset[int],
    presence: Presence = ALL_THERE,
    beside: tuple[WorkerFacts, ...] = (),
) -> list[Cohort]:
    """The comparable CPU-hungry workers, with their shares; `machine` are all its CPUs.

    `beside` are others that ran, of whom nothing is compared.

    The room that a cohort shares is its cpuset less what everybody else used of it meanwhile, as
    far as its CPUs were there (`presence`).  Who was without any of them is in no cohort.
    """
    found = []
    for cgroup, members in by_cgroup(workers).items():
        eligible = [
            worker
            for worker in members
            if _comparable(worker) and not stranded(worker, machine, presence)
        ]
        for group in _same_window(eligible):
            cpus = allowed(group[0], machine)
            ours = {id(worker) for worker in group}
            others = [worker for worker in (*workers, *beside) if id(worker) not in ours]
            taken = sum(used(other, cpus, group[0]) for other in others)
            fair = [0.0] * len(group)
            for span in presence.spans(group[0].started_ns, group[0].ended_ns):
                room = max(0.0, len(cpus - span.gone) - taken)
                parts = fair_shares([worker.weight for worker in group], room)
                fair = [sum_ + span.part * part for sum_, part in zip(fair, parts, strict=True)]
            shares = tuple(
                Share(worker, worker.cpu_ns / wall_ns(worker), part)
                for worker, part in zip(group, fair, strict=True)
            )
            found.append(Cohort(cgroup, len(cpus), shares))
    return found


def spreads(scope: Scope) -> list[Measurement]:
    """The spread of each cohort of two workers or more, in percent of wall time.

    A worker that was without any of its CPUs has none.
    """
    machine = scope.machine.cpus
    lost = [
        Measurement(worker_name(worker), None, f"{worker_name(worker)}: {words}: its share is open")
        for worker in ordered(scope.workers)
        if _comparable(worker) and (words := stranded(worker, machine, scope.presence))
    ]
    return lost + [
        Measurement(cohort.cgroup, cohort.spread_pct, _words(cohort))
        for cohort in cohorts(scope.workers, machine, scope.presence, scope.beside)
        if len(cohort.shares) > 1
    ]


MAX_SPREAD = Limit(
    "max_spread_pct",
    Kind.UNFAIR,
    "%",
    spreads,
    "fairness is checked but no cgroup has two CPU-hungry workers side by side: add some "
    "(CpuSpin, YieldHeavy, Mixed; policies NORMAL, BATCH, IDLE), or drop the check",
)


def _comparable(worker: WorkerFacts) -> bool:
    # of one that was lost nobody knows the CPU time
    wants = worker.cpu_hungry and worker.weight > 0
    return wants and worker.completed and wall_ns(worker) >= MIN_WINDOW_NS


def _words(cohort: Cohort) -> str:
    ranked = sorted(cohort.shares, key=lambda share: share.excess)
    shown = ranked if len(ranked) <= 2 * _WORST_SHOWN else ranked[:1] + ranked[-1:]
    parts = ", ".join(
        f"{worker_name(share.worker)} got {100 * share.got:.1f}% (fair {100 * share.fair:.1f}%, "
        f"weight {share.worker.weight})"
        for share in shown
    )
    return (
        f"cgroup {cohort.cgroup}: shares of {len(cohort.shares)} workers on {cohort.cpus} CPUs "
        f"spread {cohort.spread_pct:.1f}% of wall time around fair: {parts}"
    )


def _same_window(workers: list[WorkerFacts]) -> list[list[WorkerFacts]]:
    groups: list[list[WorkerFacts]] = []
    for worker in sorted(workers, key=lambda w: w.started_ns):
        for group in groups:
            if _alike(group[0], worker):
                group.append(worker)
                break
        else:
            groups.append([worker])
    return groups


def _alike(a: WorkerFacts, b: WorkerFacts) -> bool:
    return (a.cpuset, affinity_of(a)) == (b.cpuset, affinity_of(b)) and together(a, b)
