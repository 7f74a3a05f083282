# SPDX-License-Identifier: Apache-2.0
"""max_share_error_pct: every cgroup gets the CPU time that its cpu.weight promises.

Promised is a share of the CPUs that cpusets leave: by weight at each level of the tree, at most
cpu.max of each cgroup on the path, and at most what its workers can use: a CPU for each that is
CPU-hungry, and for one that blocks what it used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ktstr.judge.checks.measure import Limit, Measurement
from ktstr.judge.numbers.waterfill import Capacity, Leaf, waterfill
from ktstr.judge.workers.by_tasks import differs, times
from ktstr.judge.workers.quota import quota_of
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import MIN_WINDOW_NS, by_cgroup, is_within, wall_ns, worker_name
from ktstr.judge.workers.windows import allowed, frozen_ns, stranded, together, used
from ktstr.model.facts import CgroupFacts, WorkerFacts
from ktstr.model.verdict.kinds import Kind

# all unions of so many different cpusets are looked at
_MOST_CPUSETS = 10


@dataclass(frozen=True)
class _Member:
    """A cgroup with workers: where they may run, what they could use and what they got, CPUs."""

    name: str
    workers: list[WorkerFacts]
    cpus: frozenset[int]
    demand: float
    got: float


@dataclass(frozen=True)
class Portion:
    """What one cgroup got and what was promised, in CPUs."""

    cgroup: str
    got: float
    promised: float

    @property
    def error_pct(self) -> float | None:
        """Distance of the two in percent of the promise; None where nothing was promised."""
        return 100 * abs(self.got - self.promised) / self.promised if self.promised > 0 else None


def portions(scope: Scope) -> list[Portion]:
    """Got and promised of each cgroup that had others with workers beside it all the time.

    Cgroups of which the kernel did not say the weight, that were frozen, or of which a worker was
    lost, or was without any of its CPUs, are left out with all that ran beside them; so are those
    that the kernel weighs by their tasks as well, where these are not as many.
    """
    return _portions(_groups(scope)[0], scope)


def _portions(groups: list[list[_Member]], scope: Scope) -> list[Portion]:
    facts = {cgroup.name: cgroup for cgroup in scope.cgroups}
    found = []
    for group in groups:
        paths = [_path(member.name, facts) for member in group]
        if len(group) < 2 or not all(paths) or not all(_is_known(member) for member in group):
            continue
        if any(frozen_ns(member.name, scope.cgroups) for member in group):
            continue
        if any(_stranded(member, scope) for member in group):
            continue
        shares = _shares(group, [Leaf(path) for path in paths], scope, facts)
        if shares is None:
            continue
        found += [
            Portion(member.name, member.got, share)
            for member, share in zip(group, shares, strict=True)
        ]
    return found


def share_errors(scope: Scope) -> list[Measurement]:
    """The error of each portion, in percent of what was promised; none where CPUs were gone.

    Where a cpu.max was not kept, nobody could get what the quotas promise.
    """
    if scope.unkept:
        names = ", ".join(sorted(scope.unkept))
        words = (
            f"shares by weight are not known: the scheduler does not keep cpu.max of {names}, so "
            f"that what it promises to the others is not there"
        )
        return [Measurement(names, None, words)]
    lost = [
        Measurement(member.name, None, f"cgroup {member.name}: {words}, so that its share is open")
        for member in _members(scope)
        if (words := _stranded(member, scope))
    ]
    by_weights, by_tasks = _groups(scope)
    lost += [
        Measurement(
            ", ".join(sorted(member.name for member in group)),
            None,
            "shares by weight are not known: since 7.3 EEVDF weighs a cgroup by how many tasks it "
            "has as well, up to its CPUs, and these have not as many",
        )
        for group in by_tasks
    ]
    return lost + [
        Measurement(
            each.cgroup,
            each.error_pct,
            f"cgroup {each.cgroup} got {each.got:.3f} CPUs where its weight promises "
            f"{each.promised:.3f}",
        )
        for each in _portions(by_weights, scope)
    ]


MAX_ERROR = Limit(
    "max_share_error_pct",
    Kind.SHARE_ERROR,
    "% of the promise",
    share_errors,
    "shares by weight are checked but no two cgroups with known weights have workers side by side: "
    "give the scenario two, or drop the check",
)


def _members(scope: Scope) -> list[_Member]:
    machine = scope.machine.cpus
    found = []
    for name, workers in by_cgroup(scope.workers).items():
        if not name:
            continue
        wall = max(wall_ns(worker) for worker in workers)
        if wall < MIN_WINDOW_NS:
            continue
        got = [worker.cpu_ns / wall for worker in workers]
        hungry = zip(workers, got, strict=True)
        demand = sum(1.0 if worker.cpu_hungry else part for worker, part in hungry)
        cpus = frozenset().union(*(allowed(worker, machine) for worker in workers))
        found.append(_Member(name, workers, cpus, demand, sum(got)))
    return found


def _groups(scope: Scope) -> tuple[list[list[_Member]], list[list[_Member]]]:
    """Those side by side that weights alone divide CPUs among, and those weighed by tasks, too."""
    by_weights: list[list[_Member]] = []
    by_tasks: list[list[_Member]] = []
    for group in _beside(_members(scope)):
        (by_tasks if _weighed_by_tasks(group, scope) else by_weights).append(group)
    return by_weights, by_tasks


def _weighed_by_tasks(group: list[_Member], scope: Scope) -> bool:
    """Whether weights alone do not say what the kernel gives to each of these."""
    workers = [worker for member in group for worker in member.workers]
    if not scope.by_tasks or any(worker_name(each) in scope.not_eevdfs for each in workers):
        return False
    siblings: dict[str, set[str]] = {}
    for member in group:
        parts = member.name.split("/")
        for depth in range(len(parts)):
            siblings.setdefault("/".join(parts[:depth]), set()).add("/".join(parts[: depth + 1]))
    return any(differs(_times(each, group) for each in names) for names in siblings.values())


def _times(name: str, group: list[_Member]) -> tuple[int, int]:
    below = [member for member in group if is_within(member.name, name)]
    workers = [worker for member in below for worker in member.workers]
    cpus = frozenset().union(*(member.cpus for member in below))
    return times(sum(each.cpu_hungry for each in workers), len(workers), len(cpus))


def _stranded(member: _Member, scope: Scope) -> str:
    machine = scope.machine.cpus
    words = (stranded(worker, machine, scope.presence) for worker in member.workers)
    return next(filter(None, words), "")


def _is_known(member: _Member) -> bool:
    first = member.workers[0]
    return all(worker.completed and together(first, worker) for worker in member.workers)


def _beside(members: list[_Member]) -> list[list[_Member]]:
    groups: list[list[_Member]] = []
    for member in members:
        for group in groups:
            if together(group[0].workers[0], member.workers[0]):
                group.append(member)
                break
        else:
            groups.append([member])
    return groups


def _path(name: str, facts: dict[str, CgroupFacts]) -> tuple[tuple[str, float], ...]:
    """Names and weights from the top down; empty where a weight is not known."""
    parts = name.split("/")
    names = ["/".join(parts[: i + 1]) for i in range(len(parts))]
    if any(each not in facts or facts[each].weight <= 0 for each in names):
        return ()
    return tuple((each, float(facts[each].weight)) for each in names)


def _shares(
    group: list[_Member], leaves: list[Leaf], scope: Scope, facts: dict[str, CgroupFacts]
) -> list[float] | None:
    """What is promised on average while CPUs come and go; None as for `_capacities`."""
    window, total = group[0].workers[0], [0.0] * len(group)
    for span in scope.presence.spans(window.started_ns, window.ended_ns):
        capacities = _capacities(group, scope, facts, span.gone)
        if capacities is None:
            return None
        shares = waterfill(leaves, capacities)
        total = [sum_ + span.part * share for sum_, share in zip(total, shares, strict=True)]
    return total


def _capacities(
    group: list[_Member], scope: Scope, facts: dict[str, CgroupFacts], gone: frozenset[int]
) -> list[Capacity] | None:
    """Demands, quotas and CPUs; None if there are too many different cpusets to look at.

    `gone`: the CPUs that are not there.
    """
    found = [Capacity(frozenset({i}), member.demand) for i, member in enumerate(group)]
    for name, cgroup in facts.items():
        below = frozenset(i for i, m in enumerate(group) if is_within(m.name, name))
        quota = quota_of(cgroup)
        if quota is not None and below:
            found.append(Capacity(below, quota))
    cpusets = {member.cpus for member in group}
    if len(cpusets) > _MOST_CPUSETS:
        return None
    ours = {id(worker) for member in group for worker in member.workers}
    there = (*scope.workers, *scope.beside)
    others = [worker for worker in there if id(worker) not in ours]
    for union in _unions(cpusets):
        inside = frozenset(i for i, member in enumerate(group) if member.cpus <= union)
        taken = sum(used(other, union, group[0].workers[0]) for other in others)
        found.append(Capacity(inside, max(0.0, len(union - gone) - taken)))
    return found


def _unions(sets: set[frozenset[int]]) -> Iterator[frozenset[int]]:
    found: set[frozenset[int]] = set()
    for each in sets:
        found |= {each} | {each | other for other in found}
    return iter(sorted(found, key=sorted))
