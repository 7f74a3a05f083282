# SPDX-License-Identifier: Apache-2.0
"""Whose doing was it?  Whether the scheduler under test scheduled what a run is judged by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ktstr.judge.blame.excused import excused
from ktstr.judge.scheduler import was_ejected
from ktstr.judge.workers.classes import ABOVE, Stay, life_over, stays
from ktstr.judge.workers.subjects import worker_name
from ktstr.model.facts import PayloadFacts, SchedulerFacts, StepFacts, WorkerFacts
from ktstr.model.scenario.background import is_background, step_label
from ktstr.model.scenario.relative import EEVDF
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.witness import SchedClass
from ktstr.record.run import RunRecord

_SHOWN = 3
# a payload is forked in the agent's real-time class, and seen there no more often than this
_BORN = 20


@dataclass(frozen=True)
class Ran:
    """A worker or payload, as `kind` says, while a scheduler was attached.

    lives: of the schedulers.  always, ever: it ran under them in each phase of which its class is
    known, in one of them.  classes: those that it was seen in; empty: nothing is known of it.
    without: the steps in which it is known that it did not.
    """

    kind: str
    name: str
    pid: int | None
    cgroup: str
    lives: tuple[SchedulerFacts, ...]
    always: bool
    ever: bool
    classes: frozenset[str]
    without: tuple[int, ...] = ()


def ran(run: RunRecord) -> list[Ran]:
    """All workers and payloads that were there while a scheduler was attached."""
    by_worker: dict[int, list[tuple[Stay, SchedulerFacts]]] = {}
    for stay in stays(run):
        life = life_over(run, stay.started_ns, stay.ended_ns)
        if life is not None:
            by_worker.setdefault(id(stay.worker), []).append((stay, life))
    found = [_worker(pairs) for pairs in by_worker.values()]
    for payload in run.payloads:
        life = life_over(run, payload.started_ns, payload.ended_ns)
        if life is not None and payload.pid is not None:
            found.append(_payload(run, payload, life))
    return found


def foreign(run: RunRecord) -> list[Detail]:
    """INCONCLUSIVE for a run of a scheduler that none of its workers and payloads ran under.

    So for one without a scheduler in which a worker ran under sched_ext all the same.
    """
    found = ran(run)
    if not found:
        return _stray(run) + _too_short(run)
    known = [each for each in found if each.classes]
    if not known or any(each.ever for each in found):
        return []
    message = f"no worker ran under {_schedulers(found)}: {_named(known)}; {_cause(known)}"
    return [Detail(Kind.OTHER_CLASS, message, Verdict.INCONCLUSIVE)]


def subject_remarks(run: RunRecord) -> Iterator[str]:
    """A sentence about those that did not run under the scheduler where others did.

    And one about those that it was bypassed for most of the time, though not always.
    """
    found = ran(run)
    if not any(each.ever for each in found):
        return
    apart = [each for each in found if each.classes and not each.ever]
    unknown = [each for each in found if not each.classes]
    parted = [each for each in found if each.ever and each.without]
    if parted:
        names = _and_more([f"{each.name} (not in {_steps(each)})" for each in parted])
        yield (
            f"{len(parted)} of {len(found)} ran under {_schedulers(found)} in some steps only: "
            f"{names}"
        )
    if apart:
        yield (
            f"{len(apart)} of {len(found)} never ran under {_schedulers(found)}: {_named(apart)}; "
            f"what they did is not its doing"
        )
    if unknown:
        names = _and_more([each.name for each in unknown])
        yield f"the class is not known that {names} ran under"
    bypassed = dict.fromkeys(worker_name(stay.worker) for stay in stays(run) if _mostly(stay))
    if bypassed:
        yield (
            f"for most of the looks at {_and_more(list(bypassed))} the kernel bypassed "
            f"{_schedulers(found)} (SCX_RQ_BYPASSING): what they did then is not its doing"
        )


def shown_words(run: RunRecord) -> tuple[str, bool] | None:
    """What a PASS can say of who scheduled, and whether that is shown; None: nothing is to be said.

    Where sched_ext was off the classes are told as far as they are known.
    """
    found = ran(run)
    attached = any(life.attached_ns is not None for life in run.schedulers)
    if not found:
        if attached:
            who = "" if not run.workers and not run.payloads else " for the larger part of a phase"
            words = (
                f"no worker was there to be scheduled{who}: the attachment is all that was tried"
            )
            return words, True
        known = [stay for stay in stays(run) if stay.classes]
        if not known:
            return None
        classes = _classes(*(stay.classes for stay in known))
        count = len({id(stay.worker) for stay in known})
        return f"{count} workers ran under the kernel's own classes ({classes})", True
    ever = [each for each in found if each.ever]
    names = _schedulers(found)
    if not ever:
        return f"a worker ran under {names} (sched_ext): {_unknown(run)}", False
    kinds = [each.kind for each in ever]
    who = " and ".join(
        f"{kinds.count(kind)} {kind}{'s' if kinds.count(kind) > 1 else ''}"
        for kind in dict.fromkeys(kinds)
    )
    if len(ever) < len(found):
        who += f", of {len(found)},"
    when = " in every phase" if all(each.always for each in ever) else ""
    return f"{who} ran under {names} (sched_ext){when}", True


def not_charged(
    run: RunRecord, details: Iterable[Detail], workers: tuple[WorkerFacts, ...]
) -> list[Detail]:
    """Turns FAILs about workers that were never under the scheduler into INCONCLUSIVE.

    `workers`: those that the details speak of; others may be called the same in another step.
    Of a life that ended before it was told to, this is not said: who had waited for it until then
    may have been seen after it only.
    """
    found = list(details)
    if not any(detail.verdict is Verdict.FAIL for detail in found):
        return found
    pids = {worker.pid for worker in workers}
    everyone = [each for each in ran(run) if each.kind != "worker" or each.pid in pids]
    return [_excused(detail, _meant(detail, everyone)) for detail in found]


def leg_problem(run: RunRecord, step: StepFacts, who: str | None, cgroup: str | None = None) -> str:
    """Why a leg of a comparison is not what it is meant to be, by its workers' classes; or "".

    `who`: whose leg it is, None: the scheduler's under test.  `cgroup`: by the workers of that one
    alone.
    """
    own = [
        stay
        for stay in stays(run, step.index)
        if stay.ended_ns > step.started_ns and cgroup in (None, stay.worker.cgroup)
    ]
    if who == EEVDF or _is_the_kernels(run, who):
        strays = [stay for stay in own if _always_ext(stay)]
        if strays:
            whose = f"{who or 'the scheduler'}'s"
            return f"{worker_name(strays[0].worker)} ran under sched_ext in {whose} leg"
        return ""
    if not own or any(stay.ext for stay in own):
        return ""
    known = [stay for stay in own if stay.classes]
    name = who or "the scheduler"
    if not known:
        return f"no worker is known to have run under {name}: {_unknown(run)}"
    classes = _classes(*(stay.classes for stay in known))
    return f"no worker ran under {name} ({classes}), so that its leg is EEVDF's"


def _is_the_kernels(run: RunRecord, who: str | None) -> bool:
    """Whether a leg's scheduler is in the kernel and switched on by commands."""
    own = run.plan.scheduler
    plans = {None: own} | {each.name: each for each in run.plan.staged}
    plan = plans.get(who)
    return plan is not None and bool(plan.enable)


def _mostly(stay: Stay) -> bool:
    return stay.ext and stay.samples.get(SchedClass.BYPASS, 0) > stay.samples.get(SchedClass.EXT, 0)


def _always_ext(stay: Stay) -> bool:
    # at a border a worker may read its class late, when the next leg has begun
    if stay.samples:
        return 2 * stay.samples.get(SchedClass.EXT, 0) > sum(stay.samples.values())
    return stay.classes == {SchedClass.EXT}


def _worker(pairs: list[tuple[Stay, SchedulerFacts]]) -> Ran:
    known = [stay for stay, _ in pairs if stay.classes]
    worker = pairs[0][0].worker
    lives = {life.name: life for _, life in pairs}
    return Ran(
        "worker",
        worker_name(worker),
        worker.pid,
        worker.cgroup,
        tuple(lives.values()),
        always=all(stay.ext for stay in known),
        ever=any(stay.ext for stay in known),
        classes=frozenset().union(*(_seen(stay) for stay in known)),
        without=tuple(stay.step for stay in known if stay.step is not None and not stay.ext),
    )


def _seen(stay: Stay) -> frozenset[str]:
    # where the kernel bypassed the scheduler, the worker's own word says ext
    if SchedClass.EXT in stay.classes and not stay.ext:
        return stay.classes - {SchedClass.EXT}
    return stay.classes


def _payload(run: RunRecord, payload: PayloadFacts, life: SchedulerFacts) -> Ran:
    workers = {worker.pid for worker in run.workers}
    classes = frozenset(
        name
        for each in run.ran_under
        if each.pid == payload.pid
        or (each.cgroup == payload.cgroup and each.pid is not None and each.pid not in workers)
        if each.started_ns < payload.ended_ns and each.ended_ns > payload.started_ns
        for name, count in each.samples.items()
        if count > (_BORN if name in ABOVE else 0)
    )
    ext = SchedClass.EXT in classes
    # nothing but the scheduler can have had a payload that asks for no class of its own
    if not classes and life.switch_all == "1":
        ext, classes = True, frozenset({SchedClass.EXT.value})
    name = f"payload {payload.payload}"
    return Ran("payload", name, payload.pid, "", (life,), always=ext, ever=ext, classes=classes)


def _stray(run: RunRecord) -> list[Detail]:
    if any(life.attached_ns is not None for life in run.schedulers):
        return []
    strays = [stay for stay in stays(run) if stay.ext]
    if not strays:
        return []
    message = (
        f"{worker_name(strays[0].worker)} ran under sched_ext, where no scheduler of this test was "
        f"attached: whose doing this run is, is not known"
    )
    return [Detail(Kind.OTHER_CLASS, message, Verdict.INCONCLUSIVE)]


def _too_short(run: RunRecord) -> list[Detail]:
    """A test that lets its scheduler go shows nothing of one that went before it had a worker."""
    gone = [life for life in run.schedulers if life.attached_ns is not None and _ended_early(life)]
    if run.plan.checks.scheduler_alive is not False or not gone:
        return []
    if not run.workers and not run.payloads:
        return []
    names = ", ".join(dict.fromkeys(life.name for life in gone))
    message = (
        f"no worker was under {names} for the larger part of a phase: it was gone before; see its "
        f"exit record"
    )
    return [Detail(Kind.OTHER_CLASS, message, Verdict.INCONCLUSIVE)]


def _meant(detail: Detail, everyone: list[Ran]) -> list[Ran]:
    """Those whom a finding is about: its worker, the workers of its cgroup, or all."""
    if detail.kind.is_of_all_workers:
        return everyone
    return [
        each
        for each in everyone
        if detail.subject and detail.subject in (each.name, each.cgroup)
        if detail.pid in (None, each.pid)
    ]


def _excused(detail: Detail, those: list[Ran]) -> Detail:
    """Excuses shares if one of `those` was never under the scheduler, all else if none ever was."""
    others = [each for each in those if each.classes and not each.ever]
    if detail.verdict is not Verdict.FAIL or not detail.kind.is_of_workers or not others:
        return detail
    if any(_ended_early(life) for each in those for life in each.lives):
        return detail
    names = _schedulers(others)
    if detail.kind.is_of_shares:
        why = (
            f"{_named(others)} never ran under {names}, so that it had not all of the time to "
            f"share out"
        )
    elif len(others) == len(those):
        classes = _classes(*(each.classes for each in others))
        why = f"it never ran under {names} ({classes}), so this is not its doing"
    else:
        return detail
    return excused(detail, Kind.OTHER_CLASS, why)


def _ended_early(life: SchedulerFacts) -> bool:
    return was_ejected(life) or not life.ended_by_us


def _cause(known: list[Ran]) -> str:
    """Why none of `known` ran under the scheduler, and what to do about it."""
    classes = frozenset().union(*(each.classes for each in known))
    lives = [life for each in known for life in each.lives]
    if any(was_ejected(life) for life in lives):
        return "it was thrown out before: see its exit record"
    if SchedClass.BYPASS in classes:
        return "the kernel bypassed it (SCX_RQ_BYPASSING), as it does while it throws one out"
    if classes <= set(ABOVE):
        return (
            "a real-time or deadline policy stands above every sched_ext scheduler: give the Work "
            "Policy.NORMAL or Policy.EXT"
        )
    whose = "its ops have" if any(life.switch_all == "0" for life in lives) else "it may have"
    return (
        f"{whose} SCX_OPS_SWITCH_PARTIAL, and get only the tasks that ask for it: give the Work "
        f"policy=Policy.EXT, or take the flag off its ops"
    )


def _unknown(run: RunRecord) -> str:
    witness = run.witness
    if witness is not None and witness.error:
        return f"nothing says which class it was in ({witness.error})"
    return (
        "nothing says which class it was in; its /proc/PID/sched says so where the kernel has "
        "CONFIG_SCHED_DEBUG, if it has such an option"
    )


def _schedulers(found: list[Ran]) -> str:
    return ", ".join(dict.fromkeys(life.name for each in found for life in each.lives))


def _steps(each: Ran) -> str:
    steps = list(dict.fromkeys(each.without))
    if any(map(is_background, steps)):
        return ", ".join(map(step_label, steps))
    return f"step{'s' if len(steps) > 1 else ''} {', '.join(map(str, steps))}"


def _named(those: list[Ran]) -> str:
    return _and_more([f"{each.name} ({_classes(each.classes)})" for each in those])


def _and_more(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _classes(*each: frozenset[str]) -> str:
    return ", ".join(sorted(frozenset().union(*each))) or "not known"
