# SPDX-License-Identifier: Apache-2.0
"""A scheduler of two sources: their variables, an arena and an array of the machine's length."""

from ktstr import (
    Backdrop,
    CgroupDef,
    CpuSpin,
    Fixed,
    GlobalValue,
    Scenario,
    Step,
    TopologyView,
    Until,
    Work,
    scenario,
)


def _counted(*values: GlobalValue) -> Scenario:
    works = (Work(CpuSpin(), workers=6),)
    return Scenario(
        backdrop=Backdrop(cgroups=(CgroupDef("cg_0", works=works),)),
        steps=(
            *(Step(hold=Until(value, timeout=5.0)) for value in values),
            Step(hold=Fixed(0.5)),
        ),
    )


@scenario()
def counts_in_the_other_source(machine: TopologyView) -> Scenario:
    """The linker has resolved a function and a variable."""
    return _counted(GlobalValue("last_weight", ">=", 1))


@scenario()
def counts_in_its_arena(machine: TopologyView) -> Scenario:
    """A variable in an arena is read by name, as any other is."""
    return _counted(GlobalValue("turns", ">=", 20))


@scenario()
def has_an_element_for_each_cpu(machine: TopologyView) -> Scenario:
    """What the user space of such a scheduler resizes, `set` does."""
    return _counted(GlobalValue("nr_cpus", "==", 2), GlobalValue("turns_beyond", ">=", 1))
