# SPDX-License-Identifier: Apache-2.0
"""Under which class each worker ran, phase by phase, by the kernel's own word.

Two witnesses say it: the worker, which reads its class at both ends of a phase, and the samples of
the runqueues (ktstr.model.wire.witness).  Either may lack, and each shows only what it has seen.
"""

from __future__ import annotations

import collections
from collections.abc import Mapping
from dataclasses import dataclass

from ktstr.judge.workers.subjects import requested, worker_name
from ktstr.model.facts import SchedulerFacts, WorkerFacts, WorkerPhase
from ktstr.model.wire.witness import RanUnder, SchedClass
from ktstr.model.work.policy import Policy
from ktstr.record.run import RunRecord

# classes above all schedulers, and the policies that lead there
ABOVE = (SchedClass.STOP, SchedClass.DEADLINE, SchedClass.REALTIME)
_POLICIES_ABOVE = (Policy.FIFO, Policy.RR, Policy.DEADLINE)
# fewer samples do not show that there was nothing but bypass
_FEW = 3


@dataclass(frozen=True)
class Stay:
    """One worker in one of its phases; one that left no phases has one stay, its life.

    classes: all that it was seen in.  samples: class -> how often, as `RanUnder` has them.
    """

    worker: WorkerFacts
    step: int | None
    started_ns: int
    ended_ns: int
    classes: frozenset[str]
    samples: Mapping[str, int]

    @property
    def ext(self) -> bool:
        """Whether it ran under a BPF scheduler: sched_ext's class, and not bypassed all along."""
        return SchedClass.EXT in self.classes and not _bypassed(self.samples)


def stays(run: RunRecord, step: int | None = None) -> list[Stay]:
    """The stays of all workers, in their order and that of their phases; `step`: in it alone."""
    samples: dict[int, list[RanUnder]] = collections.defaultdict(list)
    for each in run.ran_under:
        if each.pid is not None:
            samples[each.pid].append(each)
    return [stay for worker in run.workers for stay in _stays(worker, samples[worker.pid], step)]


def life_over(run: RunRecord, started_ns: int, ended_ns: int) -> SchedulerFacts | None:
    """The longest life of a scheduler, if they were attached for the larger part of that time."""
    overlaps = []
    for life in run.schedulers:
        if life.attached_ns is not None:
            end = ended_ns if life.ended_ns is None else min(life.ended_ns, ended_ns)
            overlaps.append((max(0, end - max(life.attached_ns, started_ns)), life))
    if 2 * sum(overlap for overlap, _ in overlaps) <= ended_ns - started_ns:
        return None
    return max(overlaps, key=lambda each: each[0])[1]


def not_eevdfs(run: RunRecord, step: int | None = None) -> frozenset[str]:
    """Names of the workers that a scheduler had, or may have had: no class of them is known.

    `step`: in that step alone.
    """
    return frozenset(
        worker_name(stay.worker)
        for stay in stays(run, step)
        if (stay.ext or not stay.classes)
        and life_over(run, stay.started_ns, stay.ended_ns) is not None
    )


def _stays(worker: WorkerFacts, samples: list[RanUnder], step: int | None) -> list[Stay]:
    times = worker.phases or (worker,)
    return [_stay(worker, time, samples) for time in times if step in (None, time.step)]


def _stay(worker: WorkerFacts, time: WorkerFacts | WorkerPhase, looks: list[RanUnder]) -> Stay:
    seen = _seen(looks, time.started_ns, time.ended_ns)
    # a worker is born in the agent's real-time class, and may wait for ever after it has left that
    born = () if requested(worker, "policy") in _POLICIES_ABOVE else ABOVE
    samples = {name: count for name, count in seen.items() if name not in born}
    said = (time.class_started, time.class_ended) if isinstance(time, WorkerPhase) else ()
    # bypass is sched_ext's class as well, and no class of its own in what a worker can read
    classes = frozenset(filter(None, (*said, *samples)))
    return Stay(worker, time.step, time.started_ns, time.ended_ns, classes, samples)


def _seen(samples: list[RanUnder], started_ns: int, ended_ns: int) -> Mapping[str, int]:
    total: collections.Counter[str] = collections.Counter()
    for each in samples:
        # borders are met at different times by different witnesses: half of the shorter is enough
        overlap = min(each.ended_ns, ended_ns) - max(each.started_ns, started_ns)
        shorter = min(each.ended_ns - each.started_ns, ended_ns - started_ns)
        if overlap > 0 and 2 * overlap >= shorter:
            total.update({name: count for name, count in each.samples.items() if count})
    return total


def _bypassed(samples: Mapping[str, int]) -> bool:
    return samples.get(SchedClass.BYPASS, 0) >= _FEW and not samples.get(SchedClass.EXT)
