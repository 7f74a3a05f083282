# SPDX-License-Identifier: Apache-2.0
"""Scenarios that chance puts together, the same from the same seed."""

from __future__ import annotations

from collections.abc import Callable

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpuset import Exact
from ktstr.model.machine.topology import TopologyView
from ktstr.model.scenario.limits import Limits
from ktstr.model.scenario.scenario import (
    Backdrop,
    CgroupDef,
    ClearCpuset,
    Frac,
    MoveAllTasks,
    Op,
    Scenario,
    SetAffinity,
    SetCpuset,
    SetLimits,
    Spawn,
    Step,
    StopCgroup,
    SwapCpusets,
)
from ktstr.model.seeds import stream
from ktstr.model.work.policy import Policy
from ktstr.model.work.teams import FutexPingPong, PipeIo
from ktstr.model.work.types import Bursty, CpuSpin, IoSync, Mixed, YieldHeavy
from ktstr.model.work.work import (
    AffinityKind,
    CrossCgroup,
    Inherit,
    LlcAligned,
    RandomSubset,
    SingleCpu,
    Work,
)

_MOST_CGROUPS = 4
_MOST_OPS = 3
_AFFINITIES: tuple[AffinityKind, ...] = (
    Inherit(), RandomSubset(), LlcAligned(), CrossCgroup(), SingleCpu(),
)  # fmt: skip


def generated(machine: TopologyView, seed: int, steps: int = 5) -> Scenario:
    """Two to four cgroups that `steps` (1 or more) steps of equal length change at random.

    Everything follows from `seed`, `steps` and the machine, so that a run is repeated by repeating
    these.  The scenario is valid on the machine by construction.

    Raises:
        UsageError: there is no step.
    """
    if steps < 1:
        raise UsageError(f"generated: {steps} steps; at least 1 is needed")
    chance = _Chance(machine, seed)
    names = [f"cg_{i}" for i in range(chance.number(2, _MOST_CGROUPS))]
    hold = Frac(1 / steps)
    changes = (Step(ops=chance.ops(names), hold=hold) for _ in range(steps - 1))
    cgroups = tuple(chance.cgroup(name) for name in names)
    return Scenario(steps=(Step(hold=hold), *changes), backdrop=Backdrop(cgroups=cgroups))


class _Chance:
    """Draws the parts of a scenario, one after the other."""

    def __init__(self, machine: TopologyView, seed: int) -> None:
        self._random, self._cpus = stream(seed, "scenarios.generated"), sorted(machine.cpus)

    def number(self, low: int, high: int) -> int:
        """A number from `low` to `high`."""
        return self._random.randint(low, high)

    def cgroup(self, name: str) -> CgroupDef:
        """A cgroup with one or two groups of workers, perhaps confined, perhaps weighted."""
        cpuset = self._cpuset() if self._random.random() < 0.5 else None
        limits = self._limits() if self._random.random() < 0.5 else Limits()
        works = tuple(self._work() for _ in range(self.number(1, 2)))
        return CgroupDef(name, cpuset=cpuset, works=works, limits=limits)

    def ops(self, names: list[str]) -> tuple[Op, ...]:
        """One to three changes."""
        return tuple(self._op(names) for _ in range(self.number(1, _MOST_OPS)))

    def _op(self, names: list[str]) -> Op:
        a, b = self._random.sample(names, 2)
        makers: tuple[Callable[[], Op], ...] = (
            lambda: SetCpuset(a, self._cpuset()),
            lambda: ClearCpuset(a),
            lambda: SwapCpusets(a, b),
            lambda: SetLimits(a, self._limits()),
            lambda: SetAffinity(a, self._random.choice(_AFFINITIES)),
            lambda: MoveAllTasks(a, b),
            lambda: Spawn(a, self._work()),
            lambda: StopCgroup(a),
        )
        return self._random.choice(makers)()

    def _cpuset(self) -> Exact:
        return Exact(frozenset(self._random.sample(self._cpus, self.number(1, len(self._cpus)))))

    def _limits(self) -> Limits:
        # up to 1 to 16 only: whoever a weight starves, the scheduler was right
        return Limits(weight=self._random.choice((25, 50, 100, 200, 400)))

    def _work(self) -> Work:
        types = (
            CpuSpin(),
            YieldHeavy(),
            Mixed(),
            IoSync(),
            Bursty(burst_us=self.number(1_000, 20_000), sleep_us=self.number(1_000, 20_000)),
            PipeIo(),
            FutexPingPong(),
        )
        policy = self._random.choice((Policy.NORMAL, Policy.NORMAL, Policy.BATCH))
        nice = self._random.choice((0, 0, -5, 5))
        return Work(self._random.choice(types), workers=2, policy=policy, nice=nice)
