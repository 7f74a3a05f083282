# SPDX-License-Identifier: Apache-2.0
"""Series of a monitor made by hand, and runs that have one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ktstr.introspect.monitor.series import Column, How, IdleLooks, IdleWait, Lack, MonitorSeries
from ktstr.model.facts import ScenarioFacts, StepFacts
from ktstr.model.verdict.checks import Checks
from ktstr.record.run import RunRecord
from tests.support import runs
from tests.support.runs import MS, S

PERIOD = 4 * MS
# of a step of one second: a sample at its start, and one each period
AT = tuple(range(S, 2 * S + 1, PERIOD))

# the value of a thing in the sample so many ms after the step's start
Value = Callable[[int], int]


def series(values: Mapping[str, Mapping[int | None, Value | int]], **changes: Any) -> MonitorSeries:
    """Columns by quantity and thing, each a function of the ms since the start, or a number."""
    columns = tuple(
        Column(quantity, of, tuple(_at(value, (at - S) // MS) for at in AT))
        for quantity, things in values.items()
        for of, value in things.items()
    )
    made: dict[str, Any] = {
        "period_ns": PERIOD,
        "at_ns": AT,
        "columns": columns,
        "idle": IdleLooks(0, 0, 0, ()),
    }
    return MonitorSeries(How.PLUGIN, **made | changes)


def _at(value: Value | int, ms: int) -> int:
    return value if isinstance(value, int) else int(value(ms))


def spell(begin_ms: int, end_ms: int, inside: int, outside: int = 0) -> Value:
    """One number from one moment to another, another before and after."""
    return lambda ms: inside if begin_ms <= ms <= end_ms else outside


def run_of(monitor: MonitorSeries | None, checks: Checks, **changes: Any) -> RunRecord:
    """A step of one second on four CPUs, as a monitor saw it."""
    of = runs.plan(topology="1n2l2c1t", checks=checks)
    step = StepFacts(0, "", S, 2 * S, 2 * S)
    hello = runs.hello(of, llcs=("0-1", "2-3"), nodes=("0-3",), online="0-3", cores=tuple("0123"))
    made: dict[str, Any] = {
        "hello": hello,
        "scenarios": (ScenarioFacts(S, 2 * S, 1, 1, steps=(step,)),),
        "monitor": monitor,
    }
    return runs.good_run(of, **made | changes)


def lacking(*names: str) -> tuple[Lack, ...]:
    """What a kernel lacks for quantities: a struct of sched_ext's."""
    return tuple(Lack(name, f"scx_event_stats.{name}") for name in names)


def waits(*found: Sequence[int]) -> IdleLooks:
    """(ms after the start, CPU that went idle, us that a task had waited on CPU 1), each."""
    return IdleLooks(
        1000,
        0,
        0,
        tuple(
            IdleWait(S + ms * MS, cpu, 321, "w0.0.1", 1, waited_us * 1000)
            for ms, cpu, waited_us in found
        ),
    )


def watched() -> RunRecord:
    """A scheduler that piles tasks up on CPU 1 for a while, as two checks see it."""
    tasks: dict[int | None, Value | int] = {
        0: 1,
        1: spell(300, 600, 12, 2),
        2: spell(300, 600, 0, 1),
        3: 1,
    }
    seen = series(
        {
            "nr_running": tasks,
            "clock": {cpu: lambda ms: (7_000 + ms) * MS for cpu in range(4)},
            "pid": {cpu: 100 + cpu for cpu in range(4)},
            "local_dsq": {0: 0, 1: spell(300, 600, 9, 1), 2: 0, 3: 0},
            "scx_state": {None: 1},
            "class": {0: 2, 1: 2, 2: spell(300, 600, 0, 2), 3: 2},
            "user_dsq": {7: lambda ms: ms // 250},
        },
        lacks=lacking("SCX_EV_SELECT_CPU_FALLBACK"),
        comms={100: "w0.0.0", 101: "w0.0.1"},
        unseen_dsqs=1,
        idle=waits((400, 2, 25_000), (500, 2, 700)),
    )
    return run_of(seen, Checks(not_starved=True, max_local_dsq_depth=4, max_imbalance_ratio=20))
