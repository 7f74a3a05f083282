# SPDX-License-Identifier: Apache-2.0
"""What only machines whose CPUs differ show: a heavy task does not stay where it does not fit."""

from ktstr import (
    Backdrop,
    CgroupDef,
    CpuSpin,
    Exact,
    Frac,
    Scenario,
    SetCpuset,
    Step,
    TopologyView,
    Work,
    scenario,
)
from ktstr.after.finished import Finished
from ktstr.model.machine.topology import Topology

_CONFINED = 0.25
# Of its time outside the small CPUs' cpuset a heavy task may take a third to leave them.
_LEAST = (1 - _CONFINED) * 2 / 3


def on_large_cpus(run: Finished) -> list[str]:
    """Says which workers ran elsewhere than on the CPUs that can do most for too long."""
    large = TopologyView.of(Topology.parse(run.topology)).largest_cpus
    found = []
    for worker in run.workers:
        ran = sum(worker.ran_on.values())
        if not ran:
            found.append(f"worker {worker.index} was seen on no CPU: it did not run")
            continue
        share = sum(ns for cpu, ns in worker.ran_on.items() if cpu in large) / ran
        if share < _LEAST:
            found.append(
                f"worker {worker.index} ran {share:.0%} of its time on the large CPUs "
                f"{sorted(large)}; expected {_LEAST:.0%} at least"
            )
    return found


@scenario(duration=4.0, after=on_large_cpus)
def misfit(machine: TopologyView) -> Scenario:
    """Stresses heavy tasks on small CPUs: they move to large ones, which idle, once they may."""
    large = machine.largest_cpus
    heavy = CgroupDef(
        "heavy",
        cpuset=Exact(machine.cpus - large),
        works=(Work(CpuSpin(), workers=len(large)),),
    )
    return Scenario(
        backdrop=Backdrop(cgroups=(heavy,)),
        steps=(
            Step(hold=Frac(_CONFINED)),
            Step(ops=(SetCpuset("heavy", Exact(machine.cpus)),), hold=Frac(1 - _CONFINED)),
        ),
    )
