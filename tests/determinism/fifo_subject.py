# SPDX-License-Identifier: Apache-2.0
"""The same as subject.py, with schedulers that come and go meanwhile."""

from ktstr import (
    Frac,
    ReplaceScheduler,
    RestartScheduler,
    Scenario,
    Step,
    TopologyView,
    WaitPayload,
    scenario,
)
from tests.determinism.load import BACKDROP, LATE, MESSAGES


@scenario(duration=0.8)
def busy(machine: TopologyView) -> Scenario:
    """Workers and messages, a scheduler that is replaced, and one that starts anew."""
    return Scenario(
        backdrop=BACKDROP,
        steps=(
            Step(ops=(MESSAGES, WaitPayload("hackbench")), hold=Frac(0.3)),
            Step(setup=(LATE,), ops=(ReplaceScheduler("scx_simple"),), hold=Frac(0.3)),
            Step(ops=(ReplaceScheduler(), RestartScheduler()), hold=Frac(0.3)),
        ),
    )
