# SPDX-License-Identifier: Apache-2.0
"""Small cases for the runner's tests."""

import dataclasses
from typing import Any

from ktstr.model.scenario.scenario import CgroupDef, defs
from ktstr.model.verdict.checks import Checks
from ktstr.runner.cases.case import Case

_CASE = Case(
    name="one",
    source="pkg/one.py",
    line=3,
    in_guest=False,
    duration_s=1.0,
    workers_per_cgroup=2,
    checks=Checks(),
    expect_fail=None,
    timeout_s=60.0,
    scheduler_args=(),
    scenario=defs(CgroupDef("a")),
)


def case(**changes: Any) -> Case:
    """A test `one` at pkg/one.py:3 that plays one cgroup, with `changes`."""
    return dataclasses.replace(_CASE, **changes)
