# SPDX-License-Identifier: Apache-2.0
"""Whether two runs in real time failed likewise, and by what that is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ktstr.execute.causes import AGENT, CRASHES, LASTS_NS
from ktstr.introspect.postmortem.state import TaskStack
from ktstr.introspect.postmortem.waits import reason_of
from ktstr.introspect.snapshot.state import Task
from ktstr.judge.run.kernel_log import cause_of_panic
from ktstr.model.verdict.checks import Detail
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord

# of these the subject is the kernel's own kind, and of the others it is whom they are about
_BY_SUBJECT = (Kind.SCHEDULER_EJECTED, Kind.KERNEL_LOG)
# what the kernel says of these is one line
_BY_LINE = (Kind.PANIC, Kind.KERNEL_LOG)
# The innermost functions of a stack that two hangs may share one of: what a loop calls differs from
# look to look, and further out all tasks come from the same few.
_TOP = 3
# A line of the source, which two runs of one kernel have in common; and a number of one run.
_NUMBER = re.compile(r"(\.[ch]:\d+\b)|\b(?:0x)?[0-9a-f]*\d[0-9a-f]*(?:\.\d+)?\b|\d+")
# where in the console such a line is, and how many there are (ktstr/judge/run/kernel_log.py)
_PLACE = re.compile(r" \((?:console line \d+|and \d+ more)\)")
# who ran there, which is of one run, in such a line (at the end of warnings since Linux 6.19)
_WHO = re.compile(
    r"((?:CPU#\d+[:,]|scheduling (?:while atomic|in a non-blocking section):"
    r"|in preemptible \[\w+\] code:) ).*/\d+(?:/\w+)?$"
    r"|(workqueue leaked .+: ).+\[\d+\]$"
    r"|(Bad page \w+ in process ).*(?=  p[a-z]+:)"
    r"|(: ).+(?=: Corrupted page table at )"
)
# where a kernel has crashed: x86 and arm64 say so; an address without a name is another each time
_CRASHED_AT = re.compile(r"^(?:RIP: 0010:|pc : )([A-Za-z_][\w.]*)\+0x", re.MULTILINE)
# what comes behind has the registers of whatever an interrupt came into
_TRACE = re.compile(r"^\s*Call [Tt]race:", re.MULTILINE)
# what every stack may begin or end with, whatever hangs
_EVERYWHERE = re.compile(r"asm_|sysvec_|entry_SYSCALL|do_syscall_64|x64_sys_call|__?irq_exit|0x")
# how a CPU waits for a lock, whoever wants it: somebody else may keep it from going on
_LOCK = re.compile(
    r"\w*queued_(?:spin|read|write)_lock_slowpath|_raw_(?:spin|read|write)_lock|do_raw_\w+_lock"
    r"|raw_spin_rq_lock_nested"
)


@dataclass(frozen=True)
class Alike:
    """`so`: whether they did; `by`: what they were held against each other by, in words."""

    so: bool
    by: str


@dataclass(frozen=True)
class _Standing:
    """Who does not go on in a guest that hangs.

    who: without numbers, which another run gives otherwise.  how: what it does instead of going on.
    functions: the innermost that it is in; none where nobody looks for it by them.
    """

    who: str
    how: str
    functions: tuple[str, ...] = ()

    def words(self) -> str:
        inside = f" in {' < '.join(self.functions)}" if self.functions else ""
        return f"{self.who} {self.how}{inside}"

    def is_like(self, other: _Standing) -> bool:
        if (self.who, self.how) != (other.who, other.how):
            return False
        both = {*self.functions} & {*other.functions}
        return self.functions == other.functions or not all(map(_LOCK.match, both))

    @property
    def wants_lock(self) -> bool:
        """Whether it waits for a lock, which who keeps it from going on may have."""
        return any(map(_LOCK.match, self.functions[:1]))


@dataclass(frozen=True)
class _Evidence:
    """All who do not go on, of each kind: those that the hang is about first.

    deaf: CPUs that take no interrupts, those that wait for a lock last.  kept_off: tasks that wait
    for a CPU.  asleep: the agent.
    """

    deaf: tuple[_Standing, ...] = ()
    kept_off: tuple[_Standing, ...] = ()
    asleep: tuple[_Standing, ...] = ()

    def first(self) -> _Standing | None:
        return next(iter((*self.deaf, *self.kept_off, *self.asleep)), None)


def alike(first: tuple[RunRecord, Detail], second: tuple[RunRecord, Detail]) -> Alike:
    """Whether the first causes of these runs are one failure."""
    (was, said), (now, says) = first, second
    if said.kind is not says.kind:
        return Alike(False, "their kinds")
    by = "the kernel's own kind" + (f", {said.subject}" if said.subject else "")
    if said.kind in _BY_SUBJECT and said.subject != says.subject:
        return Alike(False, by)
    if said.kind in _BY_LINE:
        return _by_line(first, second)
    if said.kind in _BY_SUBJECT:
        return Alike(True, by)
    if said.kind is not Kind.HANG:
        return Alike(True, "their kind alone")
    return _hangs(_evidence(was), _evidence(now)) or Alike(
        _line(said) == _line(says),
        "their first lines alone, since nobody saw who did not go on",
    )


def _by_line(first: tuple[RunRecord, Detail], second: tuple[RunRecord, Detail]) -> Alike:
    """By what the kernel says, and by where it crashed: one line may be said of many places."""
    (was, said), (now, says) = first, second
    by = "what the kernel says, without its numbers"
    if _line(said) != _line(says):
        return Alike(False, by)
    at_first, here = _crashed_in(was, said), _crashed_in(now, says)
    if not at_first or not here:
        return Alike(True, by)
    where = here if here == at_first else f"at first in {at_first}, now in {here}"
    return Alike(here == at_first, f"{by}, and where it crashed: {where}")


def _crashed_in(run: RunRecord, detail: Detail) -> str:
    """The function of the crash that the detail tells of; empty: the kernel does not say."""
    console = run.console or ()
    if detail.kind is Kind.PANIC:
        told = cause_of_panic(console)
    else:
        told = next((each for each in console if each.kind.value == detail.subject), None)
    if told is None or told.kind not in CRASHES:
        return ""
    found = _CRASHED_AT.search(_TRACE.split(told.excerpt, maxsplit=1)[0])
    return found[1] if found else ""


def _hangs(was: _Evidence, now: _Evidence) -> Alike | None:
    """By what of each kind both show; None: one of them shows nothing.

    What one alone shows beside that may have been so for the moment in which it was looked at.
    """
    stood, stands = was.first(), now.first()
    if stood is None or stands is None:
        return None
    if was.deaf and now.deaf:
        found = _same_deaf(was.deaf, now.deaf)
    elif was.kept_off and now.kept_off:
        # of two that both wait now the one may be the longer, now the other
        stood, stands = was.kept_off[0], now.kept_off[0]
        both = stood in now.kept_off and stands in was.kept_off
        found = stands if both else None
    else:
        found = stands if stood.is_like(stands) else None
    if found is not None:
        return Alike(True, f"who does not go on: {found.words()}")
    return Alike(False, f"who does not go on: at first {stood.words()}, now {stands.words()}")


def _same_deaf(was: Sequence[_Standing], now: Sequence[_Standing]) -> _Standing | None:
    """A CPU of now that is like one of then: none that waits for a lock where both have others."""
    others = [[each for each in side if not each.wants_lock] for side in (was, now)]
    then, here = others if all(others) else (was, now)
    return next((each for each in here if any(map(each.is_like, then))), None)


def _evidence(run: RunRecord) -> _Evidence:
    if run.post_mortem is None:
        return _Evidence()
    stacks = run.post_mortem.stacks
    deaf = [
        _Standing("a CPU", "takes no interrupts", _top(each))
        for each in stacks
        # an idle CPU has them off for moments, whenever it is looked at
        if each.cpu is not None and each.interrupts_off and each.pid and _top(each)
    ]
    return _Evidence(
        tuple(sorted(deaf, key=lambda each: each.wants_lock)),
        tuple(
            _Standing(_without_numbers(each.comm), f"waits in {_without_numbers(each.queue)}")
            for each in _kept_off(run.post_mortem.snapshot.tasks)
        ),
        tuple(
            _Standing(AGENT, "sleeps", (reason_of(each),))
            for each in stacks
            if each.comm == AGENT and each.cpu is None and reason_of(each)
        )[:1],
    )


def _kept_off(tasks: Sequence[Task]) -> list[Task]:
    """Who waits, longer than anybody may for a moment: the agent, then who does so for longest."""
    waiting = [each for each in tasks if each.queue and (each.waiting_ns or 0) >= LASTS_NS]
    return sorted(waiting, key=lambda each: (each.comm != AGENT, -(each.waiting_ns or 0)))


def _top(stack: TaskStack) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(_functions(stack)))
    locks = next((i for i, name in enumerate(names) if not _LOCK.match(name)), len(names))
    return names[: locks + _TOP]


def _functions(stack: TaskStack) -> Iterator[str]:
    for frame in stack.frames:
        name = frame.partition("+")[0]
        if not _EVERYWHERE.match(name):
            yield name


def _line(detail: Detail) -> str:
    return _without_numbers(_WHO.sub(r"\1\2\3\4", _PLACE.sub("", detail.message)))


def _without_numbers(text: str) -> str:
    return _NUMBER.sub(lambda found: found[1] or "#", text)
