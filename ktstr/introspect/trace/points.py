# SPDX-License-Identifier: Apache-2.0
"""Where a kernel decides what runs, and what is read there.

Functions are those of kernel/sched of Linux 6.12 to 7.2 (core.c, ext.c); their arguments are found
by name, as 7.x puts others before them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.facts import kernel_facts
from ktstr.introspect.plugin.watch import NOW, Probe, Read, When
from ktstr.introspect.trace.functions import Function, function_of

# The path from a local dispatch queue to its CPU's number.
LOCAL_OF = "(rq)cpu"
_COMM_BYTES = 16
_SIZES = {"B": 1, "i": 4, "I": 4, "Q": 8}
# The name of the item that is what the timekeeper says.
KEEPER = "keeper"
# classes as functions are named after them, and as they are called; that a CPU idles, switches tell
_CLASSES = {"fair": "fair", "scx": "ext", "rt": "rt", "dl": "dl", "stop": "stop"}


@dataclass(frozen=True)
class Item:
    """One thing that is read: its name in an event, the read, and what its bytes are.

    letters: as `struct` spells one number, or "s" for text.
    """

    name: str
    read: Read
    letters: str

    @property
    def format(self) -> str:
        """All of its bytes, for `struct`."""
        return f"{self.read.size}s" if self.letters == "s" else self.letters


@dataclass(frozen=True)
class Point:
    """A place that makes events of one kind, each with these items, and what is so of all."""

    event: str
    probe: Probe
    items: tuple[Item, ...]
    always: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Wish:
    """A point as it is to be: at the first of the functions that takes the arguments."""

    event: str
    functions: tuple[str, ...]
    arguments: tuple[str, ...]
    # (name in the event, where it begins, path of fields, letters)
    items: tuple[tuple[str, str, str, str], ...]
    when: When = When.ENTRY
    always: tuple[tuple[str, str], ...] = ()


_NOBODY = ""
_OF_DSQ = (
    ("pid", "p", "pid", "i"),
    ("dsq", "dsq", "id", "Q"),
    ("of", "dsq", LOCAL_OF, "i"),
    ("depth", "dsq", "nr", "I"),
)
# A path begins at an argument, or at "current" (the task that runs), "here" (this CPU's runqueue)
# or "result"; a path of "." is the number itself.
_WISHES = (
    _Wish(
        "waking",
        ("try_to_wake_up",),
        ("p", "state"),
        (
            ("pid", "p", "pid", "i"),
            ("comm", "p", "comm", "s"),
            ("by", "current", "pid", "i"),
            ("is", "p", "__state", "I"),
            ("wanted", "state", ".", "Q"),
        ),
    ),
    _Wish(
        "new",
        ("wake_up_new_task",),
        ("p",),
        (
            ("pid", "p", "pid", "i"),
            ("comm", "p", "comm", "s"),
            ("by", "current", "pid", "i"),
        ),
    ),
    _Wish(
        "wakeup",
        ("ttwu_do_activate",),
        ("rq", "p"),
        (
            ("pid", "p", "pid", "i"),
            ("comm", "p", "comm", "s"),
            ("prio", "p", "prio", "i"),
            ("target", "rq", "cpu", "i"),
        ),
    ),
    _Wish(
        "dsq_insert",
        ("dispatch_enqueue", "scx_dispatch_enqueue"),
        ("dsq", "p"),
        _OF_DSQ,
    ),
    _Wish(
        "dsq_remove",
        ("task_unlink_from_dsq", "scx_task_unlink_from_dsq"),
        ("dsq", "p"),
        _OF_DSQ,
    ),
    _Wish(
        "switch",
        ("__switch_to",),
        ("prev_p", "next_p"),
        (
            ("prev", "prev_p", "pid", "i"),
            ("prev_comm", "prev_p", "comm", "s"),
            ("prev_prio", "prev_p", "prio", "i"),
            ("next", "next_p", "pid", "i"),
            ("next_comm", "next_p", "comm", "s"),
            ("next_prio", "next_p", "prio", "i"),
            ("running", "here", "nr_running", "I"),
            ("state", "prev_p", "__state", "I"),
            ("queued", "prev_p", "on_rq", "i"),
            ("delayed", "prev_p", "se.sched_delayed", "B"),
        ),
    ),
    _Wish(
        "migrate",
        ("set_task_cpu",),
        ("p", "new_cpu"),
        (
            ("pid", "p", "pid", "i"),
            ("comm", "p", "comm", "s"),
            ("prio", "p", "prio", "i"),
            ("from", "p", "thread_info.cpu", "I"),
            ("target", "new_cpu", ".", "Q"),
        ),
    ),
    _Wish(
        "preempt",
        ("__resched_curr", "resched_curr"),
        ("rq",),
        (
            ("target", "rq", "cpu", "i"),
            ("pid", "rq", "curr pid", "i"),
        ),
    ),
    _Wish("tick", ("sched_tick",), (), (("pid", "current", "pid", "i"),)),
    _Wish("kick", ("scx_bpf_kick_cpu",), ("cpu", "flags"), (("target", "cpu", ".", "Q"),)),
)


def points_of(kernel: Kernel) -> tuple[tuple[Point, ...], tuple[str, ...]]:
    """All points that this kernel has, and in words what it lacks."""
    found: list[Point] = []
    lacks: list[str] = []
    for wish in _all_wishes():
        function = function_of(kernel, wish.functions, set(wish.arguments))
        if isinstance(function, str):
            lacks.append(f"no {wish.event}: {function}")
            continue
        items = [_item(kernel, function, each) for each in wish.items]
        reads = (Read(NOW, (), 8), *(each.read for each in items))
        name = f"{wish.event}:{function.name}"
        place = function.place
        probe = Probe(name, place.start, place.stop, wish.when, reads, yields=True)
        found.append(Point(wish.event, probe, tuple(items), wish.always))
    return tuple(found), tuple(lacks)


def _all_wishes() -> Iterator[_Wish]:
    yield from _WISHES
    picked = (("pid", "result", "pid", "i"), ("task", "result", ".", "Q"))
    queued = (("pid", "p", "pid", "i"), ("target", "rq", "cpu", "i"))
    for name, called in _CLASSES.items():
        always = (("class", called),)
        for what in ("enqueue", "dequeue"):
            function = (f"{what}_task_{name}",)
            yield _Wish(what, function, ("rq", "p"), queued, always=always)
        yield _Wish("pick", (f"pick_task_{name}",), ("rq",), picked, When.RETURN, always)


def _item(kernel: Kernel, function: Function, asked: tuple[str, str, str, str]) -> Item:
    name, start, path, letters = asked
    size = _COMM_BYTES if letters == "s" else _SIZES[letters]
    if start == "result":
        base, offsets, struct = "rax", [], "task_struct"
    elif start == "current":
        base, offsets, struct = "gs_base", [kernel_facts(kernel).current_task], "task_struct"
    elif start == "here":
        base, offsets, struct = "gs_base", [], "rq"
    else:
        base, offsets = function.arguments[start], []
        struct = {"rq": "rq", "dsq": "scx_dispatch_q"}.get(start, "task_struct")
    if path == ".":
        return Item(name, Read(base, (), 8), "Q")
    if path == LOCAL_OF:
        at = kernel.field("rq", "cpu").offset - kernel.field("rq", "scx.local_dsq").offset
        return Item(name, Read(base, (at,), size), letters)
    first = kernel.symbol("runqueues") if start == "here" else 0
    for part in path.split():
        offsets.append(first + kernel.field(struct, part).offset)
        first, struct = 0, "task_struct"
    return Item(name, Read(base, tuple(offsets), size), letters)
