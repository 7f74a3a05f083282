# SPDX-License-Identifier: Apache-2.0
"""A scenario with all that could differ: sleeps, wake-ups, migrations, cgroups, a payload."""

from ktstr import Frac, Scenario, Step, TopologyView, WaitPayload, scenario
from tests.determinism.load import BACKDROP, LATE, MESSAGES


@scenario(duration=0.8)
def busy(machine: TopologyView) -> Scenario:
    """Workers of five types, more than there are CPUs, messages, a cgroup that appears half-way."""
    return Scenario(
        backdrop=BACKDROP,
        steps=(
            Step(ops=(MESSAGES, WaitPayload("hackbench")), hold=Frac(0.5)),
            Step(setup=(LATE,), hold=Frac(0.5)),
        ),
    )
