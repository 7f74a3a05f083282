# SPDX-License-Identifier: Apache-2.0
"""Plans for tests of what executes them."""

import dataclasses
from typing import Any

from ktstr.model.plan import Plan
from ktstr.model.scenario.scenario import CgroupDef, defs
from ktstr.model.verdict.checks import DEFAULT_CHECKS

_PLAN = Plan(
    test="one",
    source="pkg/one.py",
    topology="1n1l2c1t",
    duration_s=1.0,
    workers_per_cgroup=2,
    seed=1,
    scheduler=None,
    scenario=defs(CgroupDef("a")),
    function=None,
    checks=DEFAULT_CHECKS,
)


def plan(**changes: Any) -> Plan:
    """A test `one` on two CPUs that plays one cgroup, with `changes`."""
    return dataclasses.replace(_PLAN, **changes)


def function_plan(**changes: Any) -> Plan:
    """A test function that runs in the guest, with `changes`."""
    return plan(scenario=None, function="one", **changes)
