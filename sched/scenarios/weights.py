# SPDX-License-Identifier: Apache-2.0
"""Weights: heavier tasks get more, for schedulers that know nice levels."""

from ktstr import CgroupDef, Checks, CpuSpin, Exact, Scenario, TopologyView, Work, defs, scenario


@scenario(duration=2.0, checks=Checks(max_spread_pct=10))
def nice_levels(machine: TopologyView) -> Scenario:
    """Three workers on one CPU, one of them nicer: shares must follow the load weights.

    On one CPU, because where tasks can move, load balancing has its say as well. Three, because
    sched_ext asks a scheduler for the next task before it gives back the one that ran: of two, the
    other is all that waits, and they take turns whatever their weights are.
    """
    one = Exact(frozenset({min(machine.cpus)}))
    works = (Work(CpuSpin(), workers=2), Work(CpuSpin(), workers=1, nice=5))
    return defs(CgroupDef("cg_0", cpuset=one, works=works))
