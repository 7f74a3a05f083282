# SPDX-License-Identifier: Apache-2.0
"""A monitor's check for one step alone: its limit, and for how long what it finds must last."""

from ktstr import (
    Backdrop,
    CgroupDef,
    Checks,
    Exact,
    ExpectFail,
    Fixed,
    Kind,
    Loop,
    Scenario,
    Step,
    SwapCpusets,
    TopologyView,
    Work,
    scenario,
)

_DEPTH = Checks(not_starved=False, max_local_dsq_depth=2, sustained_ms=50)
_DEEPER = Checks(max_local_dsq_depth=5)
_LONGER = Checks(sustained_ms=300)


def _piled(first: Checks | None, second: Checks | None) -> Scenario:
    """Four tasks on CPU 0, first all the time, then for each second tenth of a second."""
    return Scenario(
        backdrop=Backdrop(
            cgroups=(
                CgroupDef("many", works=(Work(workers=4),), cpuset=Exact(frozenset({0}))),
                CgroupDef("one", works=(Work(workers=1),), cpuset=Exact(frozenset({1, 2, 3}))),
            )
        ),
        steps=(
            Step(hold=Fixed(0.4), name="still", checks=first),
            Step(
                ops=(SwapCpusets("many", "one"),),
                hold=Loop(0.1),
                name="in turns",
                checks=second,
            ),
        ),
    )


@scenario(duration=1.4, checks=_DEPTH)
def each_step_with_what_it_needs(machine: TopologyView) -> Scenario:
    """The first step's limit is higher, and in the second nothing lasts as long as it asks for."""
    return _piled(_DEEPER, _LONGER)


@scenario(
    duration=1.4,
    checks=_DEPTH,
    expect_fail=ExpectFail(
        Kind.LOCAL_DSQ_DEPTH, r"^step 0 \(still\): CPU 0 had 3 tasks in its local DSQ for 50 ms"
    ),
)
def a_step_without_a_limit_of_its_own(machine: TopologyView) -> Scenario:
    """The test's limit holds in the first step."""
    return _piled(None, _LONGER)


@scenario(
    duration=1.4,
    checks=_DEPTH,
    expect_fail=ExpectFail(
        Kind.LOCAL_DSQ_DEPTH, r"^step 1 \(in turns\): CPU 0 had 3 tasks in its local DSQ for 50 ms"
    ),
)
def a_step_without_a_time_of_its_own(machine: TopologyView) -> Scenario:
    """What lasts for a tenth of a second is enough in the second step."""
    return _piled(_DEEPER, None)
