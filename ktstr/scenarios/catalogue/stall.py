# SPDX-License-Identifier: Apache-2.0
"""Stall: loads under which a scheduler that loses a task, or stops, cannot hide it."""

from ktstr import Checks, CpuSpin, Scenario, TopologyView, Work, defs, scenario, scenarios

_FREE = Checks(max_gap_ms=1000, max_migrations_per_s=15)
_SPINNERS = Work(CpuSpin(), workers=16)


@scenario(duration=2.0, checks=_FREE)
def detect(machine: TopologyView) -> Scenario:
    """Stresses the queue: 16 spinners in one cgroup, of which none may be forgotten."""
    return defs(*scenarios.alike(1, _SPINNERS))


@scenario(duration=2.0, checks=_FREE)
def recovery(machine: TopologyView) -> Scenario:
    """Stresses two long queues: 16 spinners in each of two cgroups."""
    return defs(*scenarios.alike(2, _SPINNERS))
