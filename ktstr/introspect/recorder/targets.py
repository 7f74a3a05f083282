# SPDX-License-Identifier: Apache-2.0
"""What the recorder stands at in the second guest of a failure, by what has failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ktstr.introspect.kernel.btf import Kind
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.postmortem.first_cause import FIRST_ERROR, ErrorSite
from ktstr.introspect.recorder import layout
from ktstr.introspect.recorder.layout import Flag
from ktstr.introspect.replay.cause import Cause, What
from ktstr.introspect.replay.functions import (
    Argument,
    Shown,
    Slot,
    Watched,
    shaped,
    type_of,
    watched,
)
from ktstr.introspect.replay.kinds import KINDS
from ktstr.introspect.replay.moments import OOPSES, PANICS, WARNINGS, first_function
from ktstr.introspect.trace.functions import REGISTERS, ops_of

_TICK = "sched_tick"
_NEVER = layout.NONE, 0
# what a map of a scheduler's ops holds, and where in that the ops are
_OPS_VALUE, _OPS = "bpf_struct_ops_sched_ext_ops", "sched_ext_ops"
_QUEUE = "dispatch_enqueue"


@dataclass(frozen=True)
class Target:
    """A function, or a callback of schedulers, and what is read there.

    place: the function's number in BTF, 0 where it has none; of a callback, where its program's
    number is in the value of a map of ops.  end: the argument that must be so large for the
    recording to end, or NONE for any call.
    """

    watched: Watched
    place: int
    flags: Flag = Flag.NONE
    end: tuple[int, int] = _NEVER

    @property
    def name(self) -> str:
        """Of the function, or of the callback."""
        return self.watched.function

    def encoded(self) -> bytes:
        """As the recorder takes it."""
        found = self.watched
        arguments = [slot.read for each in found.arguments for slot in each.slots]
        fields = [slot.read for slot in found.fields]
        results = [slot.read for slot in found.result.slots] if found.result else []
        reads = (arguments, fields, results)
        queued = self._queued() if self.name == _QUEUE else (layout.NONE, layout.NONE)
        return layout.target_bytes(self.name, self.flags, self.place, reads, self.end, queued)

    def _queued(self) -> tuple[int, int]:
        """The numbers of the arguments that are a task, and the queue that it goes into."""
        tasks = [each for each in self.watched.arguments if each.is_task]
        queues = [each for each in self.watched.arguments if each.slots[0].shown is Shown.DSQ]
        if not tasks or not queues:
            return layout.NONE, layout.NONE
        return _number_of(tasks[0]), _number_of(queues[0])


@dataclass(frozen=True)
class Recording:
    """What is to be recorded.

    waits_ns, subject: how long a task may wait whose name begins so; 0: as long as it likes.
    kernel_thread: whether that is one.  missing: what cannot be recorded, in words.
    """

    targets: tuple[Target, ...]
    ops_type: int = 0
    waits_ns: int = 0
    subject: str = ""
    missing: tuple[str, ...] = ()
    kernel_thread: bool = False

    def encoded(self) -> bytes:
        """The recorder's file."""
        head = layout.plan_head(
            len(self.targets),
            self.ops_type,
            self.waits_ns,
            self.subject,
            kernel_thread=self.kernel_thread,
        )
        return head + b"".join(each.encoded() for each in self.targets)


def recording_of(
    kernel: Kernel,
    cause: Cause,
    *,
    waits_ns: int = 0,
    subject: str = "",
    kernel_thread: bool = False,
) -> Recording:
    """What is to be recorded of a failure of this kind."""
    ends = dict(_ends(kernel, cause.what))
    if waits_ns and kernel.has_symbol(_TICK):
        ends[_TICK] = _NEVER
    names = dict.fromkeys((*ends, *KINDS[cause.what].functions, *cause.callers))
    targets: list[Target] = []
    missing: list[str] = []
    text = range(kernel.symbol("_text"), kernel.symbol("_etext"))
    for name in filter(kernel.has_symbol, names):
        flags = Flag.ENDS if name in ends else Flag.NONE
        if waits_ns and name == _TICK:
            flags = Flag.TICK
        try:
            target = _function(kernel, name, flags, ends.get(name, _NEVER))
        except UnknownName as error:
            missing.append(f"{name} cannot be recorded: {error}")
            continue
        # a variable may have the name of a function that is inlined
        if target.watched.place.start in text:
            targets.append(target)
    callbacks = tuple(_callbacks(kernel)) if KINDS[cause.what].ops else ()
    ops_type = _ops_type(kernel) if callbacks else 0
    room = layout.MOST_TARGETS - len(callbacks)
    if len(targets) > room:
        missing.append(f"{len(targets) - room} functions of {len(targets)} found no room")
    every = (*targets[:room], *callbacks)
    return Recording(every, ops_type, waits_ns, subject, tuple(missing), kernel_thread)


def _ends(kernel: Kernel, what: What) -> Iterator[tuple[str, tuple[int, int]]]:
    """Functions that end the recording; whatever fails, a panic and an oops do."""
    try:
        site = ErrorSite.of(kernel)
        if what in (What.EJECTED, What.PASSED, What.HUNG):
            yield site.function, (REGISTERS.index(site.kind), FIRST_ERROR)
    except UnknownName:
        pass  # a kernel without sched_ext throws nobody out
    for names in (PANICS, OOPSES, *((WARNINGS,) if what is What.WARNED else ())):
        name = first_function(kernel, names)
        if name:
            yield name, _NEVER


def _function(kernel: Kernel, name: str, flags: Flag, end: tuple[int, int]) -> Target:
    found = watched(kernel, name)
    if found is None or flags & Flag.TICK:
        # a kprobe at its entry and return needs no types
        return Target(Watched(name, kernel.symbol_range(name), (), None, ()), 0, flags, end)
    return Target(_within(found), type_of(kernel, name), flags, end)


def _callbacks(kernel: Kernel) -> Iterator[Target]:
    """Of schedulers; none without sched_ext."""
    members = kernel.compounds(_OPS)[:1]
    ops = ops_of(kernel)
    for number, op in ops.items():
        pointer = kernel.btf.resolve(members[0].members[number].type)
        prototype = kernel.btf.resolve(pointer.target)
        found = shaped(kernel, op.name, range(0), prototype, op.arguments)
        place = kernel.field(_OPS_VALUE, f"data.{op.name}").offset
        yield Target(_within(found), place, Flag.OP)


def _ops_type(kernel: Kernel) -> int:
    """The number of the type that a map of ops holds; 0 without sched_ext."""
    for number in kernel.types_named(_OPS_VALUE):
        if kernel.btf.type(number).kind is Kind.STRUCT:
            return number
    return 0


def _within(found: Watched) -> Watched:
    """What of it the recorder can read, and has room for: arguments and result before fields."""
    arguments = tuple(each for each in found.arguments if _readable(each.slots))
    result = found.result if found.result and _readable(found.result.slots) else None
    slots = [slot for each in (*arguments, *((result,) if result else ())) for slot in each.slots]
    count, size = len(slots), sum(layout.room_of(slot.read) for slot in slots)
    fields: list[Slot] = []
    for slot in found.fields:
        count, size = count + 1, size + layout.room_of(slot.read)
        if count > layout.MOST_READS or size > layout.MOST_DATA or not _readable((slot,)):
            break
        fields.append(slot)
    return Watched(found.function, found.place, arguments, result, tuple(fields))


def _readable(slots: Sequence[Slot]) -> bool:
    return all(layout.can_read(slot.read) for slot in slots)


def _number_of(argument: Argument) -> int:
    return REGISTERS.index(argument.slots[0].read.base)
