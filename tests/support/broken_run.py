# SPDX-License-Identifier: Apache-2.0
"""A run in whose kernel something did not hold that always does."""

from __future__ import annotations

import dataclasses

from ktstr.introspect.invariants.findings import (
    Broken,
    Counted,
    InvariantFindings,
    Lacked,
    Term,
)
from ktstr.record.run import RunRecord
from tests.support import runs

_FOUND = InvariantFindings(
    (
        Counted("rq-nr-running", 5120, 2, 0),
        Counted("cfs-weight-sum", 48, 0, 1),
        Counted("throttled-queue", 0, 0, 0),
    ),
    (
        Broken(
            "rq-nr-running",
            "A runqueue counts as many tasks as its classes do.",
            "kernel/sched/sched.h add_nr_running",
            False,
            "entry of finish_task_switch",
            1,
            10_333_202_989,
            "w0.0.0",
            66,
            (Term("rq.nr_running", 3), Term("rq.stop", -0x77FF_FFA5_6D80)),
        ),
    ),
    (
        Lacked(
            "uclamp-task",
            "kernel 6.12.0: task_struct has no field 'uclamp[0].active'",
            "CONFIG_UCLAMP_TASK",
        ),
    ),
)


def broken() -> RunRecord:
    """An invariant did not hold, and workers did what they were to do."""
    plan = runs.plan()
    checks = dataclasses.replace(plan.checks, invariants=True)
    layers = {**plan.check_layers, "invariants": "default"}
    whole = dataclasses.replace(plan, checks=checks, check_layers=layers)
    return dataclasses.replace(runs.good_run(whole), invariants=_FOUND)
