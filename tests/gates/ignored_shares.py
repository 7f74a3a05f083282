# SPDX-License-Identifier: Apache-2.0
"""A scheduler that knows no weights is told of it, though its workers are equals."""

from ktstr import (
    CgroupDef,
    Checks,
    ExpectFail,
    Kind,
    Limits,
    Scenario,
    TopologyView,
    defs,
    scenario,
)


@scenario(
    duration=1.0,
    checks=Checks(max_share_error_pct=50),
    expect_fail=ExpectFail(Kind.SHARE_ERROR, "cgroup light got .* where its weight promises 0.182"),
)
def weights_are_ignored(machine: TopologyView) -> Scenario:
    """Both get a CPU, where one was promised ten times as much as the other."""
    return defs(CgroupDef("light"), CgroupDef("heavy", limits=Limits(weight=1000)))
