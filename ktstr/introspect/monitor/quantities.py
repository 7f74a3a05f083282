# SPDX-License-Identifier: Apache-2.0
"""What the monitor watches, as data: each quantity, its unit, and where each kernel has it.

Sources: kernel/sched/sched.h, ext.c, fair.c, include/linux/sched.h, sched/ext.h and rhashtable.h of
Linux 6.12.107, 7.2 and 7.3 (in both: kernel/sched/ext/).  A quantity has a place for each name that
kernels have for it; the first that this kernel knows is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

# how events of sched_ext begin
EVENT_PREFIX = "SCX_EV_"
# a symbol, and what to do with a value that is no member of a struct
Step = tuple[str, str]


class Of(Enum):
    """What a quantity has a value for each of."""

    CPU = auto()
    DOMAIN = auto()
    DSQ = auto()
    NODE = auto()
    MACHINE = auto()


class Shape(Enum):
    """How a quantity goes on: what is summed up of it.

    GAUGE: it rises and falls.  COUNTER: it only rises.  STATE: its values are names, or times.
    """

    GAUGE = auto()
    COUNTER = auto()
    STATE = auto()


class Base(Enum):
    """Where a chain of pointers begins, and whose what it comes to is."""

    RUNQUEUE = auto()
    SYMBOL = auto()
    OF_EACH_CPU = auto()
    POINTED_OF_EACH_CPU = auto()


@dataclass(frozen=True)
class Place:
    """Where a number lies: from a base over pointers in structs to the last member.

    symbol: of all bases but RUNQUEUE, which is each CPU's `runqueues`.  chain: (struct, path) each;
    ("", "") is the symbol itself.  size: of the number where the last is ("", "").  terms: so many
    of the size follow one another, and are summed up.
    """

    base: Base
    chain: tuple[Step, ...]
    symbol: str = ""
    size: int = 0
    terms: int = 1


@dataclass(frozen=True)
class Quantity:
    """Something that the monitor looks at, in its unit (empty: a count).

    hidden: it is there for others to be made of.
    """

    name: str
    unit: str
    of: Of
    shape: Shape
    places: tuple[Place, ...]
    hidden: bool = False


def _rq(name: str, unit: str, shape: Shape, *paths: str, hidden: bool = False) -> Quantity:
    places = tuple(Place(Base.RUNQUEUE, (("rq", path),)) for path in paths)
    return Quantity(name, unit, Of.CPU, shape, places, hidden)


def _current(name: str, *paths: str) -> Quantity:
    """Of the task that runs on a CPU."""
    places = tuple(Place(Base.RUNQUEUE, (("rq", "curr"), ("task_struct", path))) for path in paths)
    return Quantity(name, "", Of.CPU, Shape.STATE, places, hidden=name.startswith("_"))


def _entity(name: str, *paths: str) -> Quantity:
    """Of what runs of the CPU's topmost cfs_rq: the task, or until 7.3 the group that it is in."""
    places = tuple(
        Place(Base.RUNQUEUE, (("rq", "cfs.curr"), ("sched_entity", path))) for path in paths
    )
    return Quantity(name, "", Of.CPU, Shape.STATE, places, hidden=True)


_GAUGE, _COUNTER, _STATE = Shape
# two levels of what balances over CPUs are deep for a guest; a further one is not looked at
DOMAIN_LEVELS = 4


def _domain(name: str, path: str) -> Quantity:
    """Of each scheduling domain of a CPU, of its counters the sum over how idle the CPU was."""
    places = tuple(
        Place(
            Base.RUNQUEUE,
            (
                ("rq", "sd"),
                *((("sched_domain", "parent"),) * level),
                ("sched_domain", f"{path}[0]"),
            ),
            terms=3,
        )
        for level in range(DOMAIN_LEVELS)
    )
    return Quantity(name, "", Of.DOMAIN, _COUNTER, places)


def event(name: str) -> Quantity:
    """An event of sched_ext, summed over CPUs: not in 6.12, and somewhere else ever since."""
    inside = f"event_stats.{name}"
    return Quantity(
        name,
        "",
        Of.MACHINE,
        _COUNTER,
        (
            Place(
                Base.POINTED_OF_EACH_CPU,
                (("", ""), ("scx_sched", "pcpu"), ("scx_sched_pcpu", inside)),
                "scx_root",
            ),
            Place(
                Base.POINTED_OF_EACH_CPU,
                (("", ""), ("scx_sched", "event_stats_cpu"), ("scx_event_stats", name)),
                "scx_root",
            ),
            Place(Base.OF_EACH_CPU, (("scx_event_stats", name),), "event_stats_cpu"),
        ),
    )


QUANTITIES: tuple[Quantity, ...] = (
    _rq("nr_running", "", _GAUGE, "nr_running"),
    _rq("clock", "ns", _STATE, "clock"),
    _rq("nr_switches", "", _COUNTER, "nr_switches"),
    _current("pid", "pid"),
    _current("_class", "sched_class"),
    # of the deadline server through which that task runs, if through one
    Quantity(
        "_server",
        "",
        Of.CPU,
        _STATE,
        (
            Place(
                Base.RUNQUEUE,
                (
                    ("rq", "curr"),
                    ("task_struct", "dl_server"),
                    ("sched_dl_entity", "server_pick_task"),
                ),
            ),
        ),
        hidden=True,
    ),
    _rq("h_nr_queued", "", _GAUGE, "cfs.h_nr_queued", "cfs.h_nr_running"),
    _rq("h_nr_runnable", "", _GAUGE, "cfs.h_nr_runnable"),
    _rq("h_nr_idle", "", _GAUGE, "cfs.h_nr_idle", "cfs.idle_h_nr_running"),
    _rq("zero_vruntime", "ns", _STATE, "cfs.zero_vruntime", "cfs.min_vruntime"),
    _rq("_sum_w_vruntime", "", _STATE, "cfs.sum_w_vruntime", "cfs.avg_vruntime", hidden=True),
    _rq("_sum_weight", "", _STATE, "cfs.sum_weight", "cfs.avg_load", hidden=True),
    _rq("_sum_shift", "", _STATE, "cfs.sum_shift", hidden=True),
    _entity("_vruntime", "vruntime"),
    # by which it counts in the tree: since 7.3 its share of its groups
    _entity("_weight", "h_load.weight", "load.weight"),
    _entity("_on_rq", "on_rq"),
    _rq("load_avg", "", _GAUGE, "cfs.avg.load_avg"),
    _rq("util_avg", "", _GAUGE, "cfs.avg.util_avg"),
    _rq("capacity", "", _GAUGE, "cpu_capacity"),
    _domain("lb_count", "lb_count"),
    _domain("lb_gained", "lb_gained"),
    _rq("scx_nr_running", "", _GAUGE, "scx.nr_running"),
    _rq("local_dsq", "", _GAUGE, "scx.local_dsq.nr"),
    _rq("scx_flags", "", _STATE, "scx.flags"),
    Quantity(
        "scx_state",
        "",
        Of.MACHINE,
        _STATE,
        (
            Place(Base.SYMBOL, (("", ""),), "scx_enable_state_var", 4),
            Place(Base.SYMBOL, (("", ""),), "scx_ops_enable_state_var", 4),
        ),
    ),
    Quantity(
        "bypass_depth",
        "",
        Of.MACHINE,
        _GAUGE,
        (
            Place(Base.SYMBOL, (("", ""), ("scx_sched", "bypass_depth")), "scx_root"),
            Place(Base.SYMBOL, (("", ""),), "scx_bypass_depth", 4),
            Place(Base.SYMBOL, (("", ""),), "scx_ops_bypass_depth", 4),
        ),
    ),
    # those of 6.15 to 7.3; what a kernel counts beyond them is added when it is looked at
    *(
        event(f"{EVENT_PREFIX}{name}")
        for name in (
            "SELECT_CPU_FALLBACK",
            "DISPATCH_LOCAL_DSQ_OFFLINE",
            "DISPATCH_KEEP_LAST",
            "ENQ_SKIP_EXITING",
            "ENQ_SKIP_MIGRATION_DISABLED",
            "REENQ_IMMED",
            "REENQ_LOCAL_REPEAT",
            "REFILL_SLICE_DFL",
            "BYPASS_DURATION",
            "BYPASS_DISPATCH",
            "BYPASS_ACTIVATE",
            "INSERT_NOT_OWNED",
            "SUB_BYPASS_DISPATCH",
            "REENQ_REPEAT",
            "SLICE_CLAMPED",
            "SLICE_DENIED",
            "SUB_FORCED_ADMIT",
            "SUB_PREEMPT_DENIED",
            "SUB_KICK_DENIED",
            "SUB_REENQ_DENIED",
            "SUB_CIDPERF_DENIED",
            "SUB_RESCUE",
        )
    ),
)

# made of hidden ones (`ktstr.introspect.monitor.derived`), or of what is no single number
CLASS, SERVER = "class", "server"
AVG_VRUNTIME, LAG = "avg_vruntime", "lag"
USER_DSQ, GLOBAL_DSQ = "user_dsq", "global_dsq"
DERIVED: tuple[Quantity, ...] = (
    Quantity(CLASS, "", Of.CPU, _STATE, ()),
    Quantity(SERVER, "", Of.CPU, _STATE, ()),
    Quantity(AVG_VRUNTIME, "ns", Of.CPU, _STATE, ()),
    Quantity(LAG, "ns", Of.CPU, _GAUGE, ()),
    Quantity(USER_DSQ, "", Of.DSQ, _GAUGE, ()),
    Quantity(GLOBAL_DSQ, "", Of.NODE, _GAUGE, ()),
)
BY_NAME = {each.name: each for each in (*QUANTITIES, *DERIVED) if not each.hidden}


def known(name: str) -> Quantity:
    """The quantity of a series, which may be an event that only its kernel knows."""
    return BY_NAME.get(name) or event(name)


# values of `class`, by the symbols of the kernel's classes (fair.c, ext.c and so on)
CLASSES: tuple[tuple[str, str], ...] = (
    ("idle", "idle_sched_class"),
    ("fair", "fair_sched_class"),
    ("ext", "ext_sched_class"),
    ("realtime", "rt_sched_class"),
    ("deadline", "dl_sched_class"),
    ("stop", "stop_sched_class"),
)
CLASS_NAMES = tuple(name for name, _ in CLASSES)
IDLE_CLASS = CLASS_NAMES.index("idle")
UNKNOWN_CLASS = len(CLASSES)

# values of `server`, by the functions that pick a task for each: 0 is none
SERVERS: tuple[tuple[str, str], ...] = (
    ("fair", "fair_server_pick_task"),
    ("ext", "ext_server_pick_task"),
)
UNKNOWN_SERVER = len(SERVERS) + 1

# values of `scx_state`, in the order of the kernel's enum scx_enable_state (6.12: scx_ops_...)
SCX_STATES = ("enabling", "enabled", "disabling", "disabled")
