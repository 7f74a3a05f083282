# SPDX-License-Identifier: Apache-2.0
"""Whether two runs in real time failed likewise, and by what that is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ktstr.execute.causes import AGENT, LASTS_NS
from ktstr.introspect.postmortem.state import TaskStack
from ktstr.introspect.postmortem.waits import reason_of
from ktstr.introspect.snapshot.state import Task
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
# who ran there, which is of one run, at the end of such a line (of warnings since Linux 6.19)
_WHO = re.compile(r"(CPU#\d+[:,]|scheduling while atomic:) .*/\d+(?:/0x[0-9a-f]+)?$")
# what every stack may begin or end with, whatever hangs
_EVERYWHERE = re.compile(r"asm_|sysvec_|entry_SYSCALL|do_syscall_64|x64_sys_call|__?irq_exit|0x")


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
        both = self.functions and other.functions
        return not both or bool(set(self.functions) & set(other.functions))


def alike(first: tuple[RunRecord, Detail], second: tuple[RunRecord, Detail]) -> Alike:
    """Whether the first causes of these runs are one failure."""
    (was, said), (now, says) = first, second
    if said.kind is not says.kind:
        return Alike(False, "their kinds")
    by = "the kernel's own kind" + (f", {said.subject}" if said.subject else "")
    if said.kind in _BY_SUBJECT and said.subject != says.subject:
        return Alike(False, by)
    if said.kind in _BY_LINE:
        return Alike(_line(said) == _line(says), "what the kernel says, without its numbers")
    if said.kind in _BY_SUBJECT:
        return Alike(True, by)
    if said.kind is not Kind.HANG:
        return Alike(True, "their kind alone")
    stood, stands = _standing(was), _standing(now)
    if stood is None or stands is None:
        return Alike(
            _line(said) == _line(says),
            "their first lines alone, since nobody saw who did not go on",
        )
    if stood.is_like(stands):
        return Alike(True, f"who does not go on: {stands.words()}")
    return Alike(False, f"who does not go on: at first {stood.words()}, now {stands.words()}")


def _standing(run: RunRecord) -> _Standing | None:
    """A CPU without interrupts, who waits for a CPU for longest, or where the agent sleeps."""
    if run.post_mortem is None:
        return None
    stacks = run.post_mortem.stacks
    for each in stacks:
        # an idle CPU has them off for moments, whenever it is looked at
        if each.cpu is not None and each.interrupts_off and each.pid and _top(each):
            return _Standing("a CPU", "takes no interrupts", _top(each))
    task = _kept_off(run.post_mortem.snapshot.tasks)
    if task is not None:
        return _Standing(_without_numbers(task.comm), f"waits in {_without_numbers(task.queue)}")
    for each in stacks:
        if each.comm == AGENT and each.cpu is None and reason_of(each):
            return _Standing(AGENT, "sleeps", (reason_of(each),))
    return None


def _kept_off(tasks: Sequence[Task]) -> Task | None:
    """The agent, or who waits for longest: of those that wait, as anybody may for a moment."""
    waiting = [each for each in tasks if each.queue and (each.waiting_ns or 0) >= LASTS_NS]
    return max(waiting, key=lambda each: (each.comm == AGENT, each.waiting_ns or 0), default=None)


def _top(stack: TaskStack) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_functions(stack)))[:_TOP]


def _functions(stack: TaskStack) -> Iterator[str]:
    for frame in stack.frames:
        name = frame.partition("+")[0]
        if not _EVERYWHERE.match(name):
            yield name


def _line(detail: Detail) -> str:
    return _without_numbers(_WHO.sub(r"\1", _PLACE.sub("", detail.message)))


def _without_numbers(text: str) -> str:
    return _NUMBER.sub(lambda found: found[1] or "#", text)
