# SPDX-License-Identifier: Apache-2.0
"""A run that failed, and what it showed when it was played again."""

from __future__ import annotations

import dataclasses

from ktstr.introspect.replay.page import Call, Happened, Replay, Way
from ktstr.record.run import RunRecord
from tests.support.hung import looked_into

_S = 1_000_000_000

PAGE = Replay(
    what="ejection",
    failure="scheduler fifo was thrown out by the kernel: invalid CPU 999 from ops.select_cpu()",
    again=True,
    problem="QEMU's plugin had no room for 3 records",
    at_ns=9 * _S + 706_221_625,
    cpu=1,
    function="scx_ops_exit_kind",
    task="w0.0.1",
    pid=62,
    why="select_task_rq_scx was called for it, and had not returned",
    stack=(
        *("scx_ops_exit_kind+0x0", "ops_cpu_valid+0x3c", "select_task_rq_scx+0x6a"),
        *(f"outer{i}+0x10" for i in range(30)),
    ),
    stack_of="swapper/1[0]",
    calls=(
        Call(
            9 * _S + 706_100_000,
            1,
            0,
            "enqueue_task_scx",
            ("rq=CPU 1", "p=w0.0.0[61]", "enq_flags=9"),
            "",
            1300,
            ("rq.nr_running 1 -> 2", "p.scx.dsq 0 -> local"),
        ),
        Call(9 * _S + 706_220_000, 1, 0, "select_task_rq_scx", ("p=w0.0.1[62]", "prev_cpu=1")),
        Call(9 * _S + 706_220_100, 1, 1, "select_cpu (fifo_select_cpu)", (), "999", 820),
    ),
    calls_left_out=70,
    changes=("DSQ 0: depth 0 -> 1", "task w0.0.1[62]: state sleeping -> runnable"),
    changes_ns=20_000_000,
    events=(
        Happened(9 * _S + 700_000_000, 0, "stops running, in state S; then idle[0]"),
        Happened(9 * _S + 706_219_000, 1, "is woken by \x1b[2J[0]"),
    ),
    missing=("locks: none",),
)


def replayed() -> RunRecord:
    """A run whose failure came again."""
    run = looked_into()
    return dataclasses.replace(run, post_mortem=None, snapshots=(), replay=PAGE)


def not_replayed() -> RunRecord:
    """A run that could not be played again, and says why."""
    why = "not played again: its guest never came up"
    page = Replay("", PAGE.failure, False, why)
    return dataclasses.replace(replayed(), replay=page)


def run_again() -> RunRecord:
    """A run in real time whose failure came again, about another task."""
    page = dataclasses.replace(
        PAGE,
        problem="",
        stack=PAGE.stack[:4],
        changes=(),
        changes_ns=0,
        missing=(
            "calls of exc_invalid_op, handle_bug: the guest's kernel refuses (Invalid argument)",
            "what was recorded earlier: of 9000 records the last 1500 were kept",
        ),
        way=Way.PROGRAMS,
        second=PAGE.failure.replace("999", "998"),
        compared_by="the kernel's own kind, SCX_EXIT_ERROR",
    )
    return dataclasses.replace(replayed(), replay=page)


def run_otherwise() -> RunRecord:
    """A run in real time after which the second failed otherwise."""
    page = Replay(
        PAGE.what,
        PAGE.failure,
        False,
        "nothing was recorded at which it failed",
        way=Way.PROGRAMS,
        second="w0.0.1 of cg_0 did no work",
        compared_by="their kinds",
    )
    return dataclasses.replace(replayed(), replay=page)


def run_in_vain() -> RunRecord:
    """A run in real time whose failure did not come again."""
    page = Replay(PAGE.what, PAGE.failure, False, way=Way.PROGRAMS)
    return dataclasses.replace(replayed(), replay=page)


REPLAYED = (replayed, not_replayed, run_again, run_otherwise, run_in_vain)
