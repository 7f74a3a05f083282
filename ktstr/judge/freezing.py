# SPDX-License-Identifier: Apache-2.0
"""Time that the scenario itself kept cgroups frozen, which no scheduler is to blame for."""

from __future__ import annotations

from ktstr.judge.subjects import is_within
from ktstr.model.facts import CgroupFacts


def frozen_ns(cgroup: str, facts: tuple[CgroupFacts, ...]) -> int:
    """Nanoseconds that a cgroup was frozen, itself or with one above it, over all its lives."""
    return sum(each.frozen_ns for each in facts if is_within(cgroup, each.name))
