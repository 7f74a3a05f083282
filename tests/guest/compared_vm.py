# SPDX-License-Identifier: Apache-2.0
"""A scheduler that holds tasks back, found out by comparison with EEVDF and with another."""

from __future__ import annotations

from ktstr import (
    EEVDF,
    Bursty,
    CgroupDef,
    ExpectFail,
    Kind,
    Scenario,
    TopologyView,
    Work,
    better_than,
    compare,
    not_worse_than,
    scenario,
)

_SLEEPER = CgroupDef("sleeper", works=(Work(Bursty(burst_us=500, sleep_us=2_000), workers=1),))


@scenario(duration=2.0, expect_fail=ExpectFail(Kind.RELATIVE, "not_worse_than.*times as bad"))
def delay_is_worse_than_eevdf(machine: TopologyView) -> Scenario:
    """Every wake-up comes 15 ms late; the worst of so few the agent delays under EEVDF, too."""
    return compare(_SLEEPER, claims=(not_worse_than("wake_p50_us", 2.0),), repeats=4)


@scenario(duration=2.0, expect_fail=ExpectFail(Kind.RELATIVE, "better_than"))
def delay_is_not_better_than_eevdf(machine: TopologyView) -> Scenario:
    """It gets less done in the same time."""
    return compare(_SLEEPER, claims=(better_than("iterations_per_s"),), repeats=4)


@scenario(duration=3.0, expect_fail=ExpectFail(Kind.RELATIVE, "as bad as fifo .*of 3 pairs"))
def delay_is_worse_than_fifo(machine: TopologyView) -> Scenario:
    """Three in one boot: of EEVDF less is claimed than it keeps, of fifo more."""
    return compare(
        _SLEEPER,
        claims=(
            not_worse_than("wake_p50_us", 1e6, than=EEVDF),
            not_worse_than("wake_p50_us", 2.0, than="fifo"),
        ),
        against=("fifo", EEVDF),
        repeats=3,
    )
