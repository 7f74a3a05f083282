# SPDX-License-Identifier: Apache-2.0
"""The gate about pages moved between nodes, for kernels that count them (VM_EVENT_COUNTERS)."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING, NoReturn

import ktstr
from ktstr import CgroupDef, Checks, ExpectFail, Kind, Scenario, TopologyView, defs, scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ktstr.guest.context import Context

_BALANCING = "/sys/kernel/debug/sched/numa_balancing"
_PAGE = 4096
_PAGES = 4096


@scenario(duration=0.4, checks=Checks(max_cross_node_migration_ratio=1_000))
def max_cross_node_migration_ratio_is_met(machine: TopologyView) -> Scenario:
    """Hardly anything is moved."""
    return defs(CgroupDef("cg_0"))


@ktstr.test(
    duration=1.0,
    checks=Checks(max_cross_node_migration_ratio=0.000_001),
    expect_fail=ExpectFail(Kind.CROSS_NODE_MIGRATION, "the kernel moved [1-9]"),
)
def max_cross_node_migration_ratio_is_missed(ctx: Context) -> None:
    """NUMA balancing moves the pages of a process that left them behind on another node."""
    for name, value in (("scan_delay_ms", 10), ("scan_period_min_ms", 10)):
        with open(f"{_BALANCING}/{name}", "w", encoding="ascii") as file:
            file.write(str(value))
    with _left_behind():
        ctx.run(CgroupDef("cg_0"))


@contextlib.contextmanager
def _left_behind() -> Iterator[None]:
    pid = os.fork()
    if pid == 0:
        _touch_from_afar()
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _touch_from_afar() -> NoReturn:
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    os.sched_setaffinity(0, {0})
    memory = bytearray(_PAGES * _PAGE)
    for page in range(_PAGES):
        memory[page * _PAGE] = 1
    os.sched_setaffinity(0, {1})
    while True:
        for page in range(_PAGES):
            memory[page * _PAGE] ^= 1
