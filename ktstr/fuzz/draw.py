# SPDX-License-Identifier: Apache-2.0
"""Parts of scenarios, drawn at random: any of them may turn out not to fit where it is put."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from ktstr.fuzz.grammar import Family, Grammar
from ktstr.model.machine.cpuset import CpusetSpec, Disjoint, Exact, Llc, Numa, Overlap
from ktstr.model.scenario import scenario as s
from ktstr.model.scenario.conditions import CpuTime, OnTimeout, WorkDone
from ktstr.model.scenario.limits import NO_LIMITS, Limits
from ktstr.model.work import teams, types
from ktstr.model.work import work as w
from ktstr.model.work.kind import WorkType
from ktstr.model.work.policy import Policy

# What a group of workers may have at most: guests are small, and instructions are dear.
_MOST_WORKERS = 4
_WEIGHTS = (1, 10, 50, 100, 100, 200, 1000, 10000)
# Less would make workers take guest seconds to start, which is dear and shows nothing.
_QUOTAS = (0.2, 0.5, 0.5, 1.0, 1.5)
_PERIODS_US = (10_000, 100_000)
_NICES = (-20, -10, -1, 0, 0, 0, 1, 10, 19)
# Parts of a second: shorter than a tick, some ticks, long enough for a balance and a throttle.
_HOLDS_S = (0.003, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6)
_SPINS = (64, 1024, 16384)
# What a tame trial does without: nobody is starved by right there, so that more can be asked.
WILD = frozenset({Family.LIMITS, Family.POLICIES, Family.REAL_TIME, Family.DEADLINE, Family.FREEZE})
_UNSTEADY = (
    types.AffinityChurn,
    types.NiceSweep,
    types.PolicyChurn,
    teams.PreemptStorm,
    teams.PriorityInversion,
)


class Draw:
    """Draws one part after the other; `random` decides all of them.

    tame: without the families that are `WILD`, and work types that change their own standing.
    """

    def __init__(self, grammar: Grammar, random: Random, *, tame: bool = False) -> None:
        families = grammar.families - WILD if tame else grammar.families
        self._grammar, self.random = replace(grammar, families=families), random
        self._tame = tame
        self._cpus = sorted(grammar.view.cpus)

    def chance(self, part: float) -> bool:
        """True for this part of all draws."""
        return self.random.random() < part

    def has(self, family: Family, part: float) -> bool:
        """The same, of a family that may be left out as a whole."""
        return self._grammar.has(family) and self.chance(part)

    def cgroup(self, name: str) -> s.CgroupDef:
        """A cgroup with one or two groups of workers, perhaps with cpuset and limits."""
        return s.CgroupDef(
            name,
            self.cpuset() if self.has(Family.CPUSETS, 0.4) else None,
            tuple(self.work() for _ in range(self.random.choice((1, 1, 2)))),
            self.limits() if self.has(Family.LIMITS, 0.4) else NO_LIMITS,
        )

    def cpuset(self) -> CpusetSpec:
        """CPUs, by one of the ways to say which."""
        view, random = self._grammar.view, self.random
        kind = random.randrange(8)
        if kind == 0:
            return Llc(random.randrange(len(view.llcs)))
        if kind == 1:
            return Numa(random.randrange(len(view.nodes)))
        if kind == 2:
            return Disjoint(random.randrange(2), 2)
        if kind == 3:
            return Overlap(random.randrange(2), 2, 0.5)
        return Exact(frozenset(random.sample(self._cpus, random.randint(1, len(self._cpus)))))

    def limits(self) -> Limits:
        """A weight, a quota, or both."""
        which = self.random.randrange(3)
        weight = self.random.choice(_WEIGHTS) if which != 1 else None
        if which == 0:
            return Limits(weight=weight)
        quota, period = self.random.choice(_QUOTAS), self.random.choice(_PERIODS_US)
        return Limits(weight=weight, quota=quota, period_us=period)

    def affinity(self) -> w.AffinityKind:
        """Where workers bind themselves."""
        random = self.random
        exact = frozenset(random.sample(self._cpus, random.randint(1, len(self._cpus))))
        kinds: tuple[w.AffinityKind, ...] = (
            w.Inherit(),
            w.RandomSubset(),
            w.LlcAligned(),
            w.CrossCgroup(),
            w.SingleCpu(),
            w.ExactCpus(exact),
        )
        return random.choice(kinds)

    def work(self) -> w.Work:
        """A group of workers under the policies that share by weight, or now and then real-time."""
        if self.has(Family.REAL_TIME, 0.12):
            return self._real_time()
        kind = self._type()
        size = kind.group_size
        policy, nice = Policy.NORMAL, 0
        if self.has(Family.POLICIES, 0.35):
            policy = self.random.choice((Policy.NORMAL, Policy.BATCH, Policy.IDLE))
            nice = 0 if policy is Policy.IDLE else self.random.choice(_NICES)
        return w.Work(
            kind,
            workers=size * self.random.randint(1, max(1, _MOST_WORKERS // size)),
            policy=policy,
            nice=nice,
            affinity=self.affinity() if self.has(Family.AFFINITIES, 0.25) else w.Inherit(),
            mode=w.Mode.THREAD if self.chance(0.2) and not kind.no_threads else w.Mode.PROCESS,
        )

    def host_work(self) -> w.Work:
        """Workers beside the agent: the only ones that may be of SCHED_DEADLINE.

        The kernel wants those to be free to go to every CPU, which a cpuset may take from them.
        """
        if not self.has(Family.DEADLINE, 0.6):
            return self.work()
        period = self.random.choice((10_000, 30_000, 100_000))
        deadline = w.Deadline(period // self.random.choice((4, 10, 50)), period, period)
        kind = self.random.choice((types.CpuSpin(), types.Bursty(2_000, 5_000)))
        return w.Work(kind, workers=1, policy=Policy.DEADLINE, deadline=deadline)

    def _real_time(self) -> w.Work:
        """Mostly such as leave the CPU to others; one in four spins, and starves who is there."""
        policy = self.random.choice((Policy.FIFO, Policy.RR))
        kind: WorkType = types.Bursty(
            self.random.choice((500, 5_000)), self.random.choice((10_000, 40_000))
        )
        if self.chance(0.25):
            kind = types.CpuSpin()
        return w.Work(
            kind,
            workers=1,
            policy=policy,
            rt_priority=self.random.randint(1, 50),
            affinity=self.affinity() if self.has(Family.AFFINITIES, 0.25) else w.Inherit(),
        )

    def _type(self) -> WorkType:
        kind = self._any_type()
        while self._tame and isinstance(kind, _UNSTEADY):
            kind = self._any_type()
        return kind

    def _any_type(self) -> WorkType:
        random = self.random
        spin = random.choice(_SPINS)
        burst, sleep = random.choice((200, 3_000, 20_000)), random.choice((200, 3_000, 20_000))
        return random.choice(
            (
                types.CpuSpin(),
                types.CpuSpin(),
                types.YieldHeavy(),
                types.Mixed(),
                types.Bursty(burst, sleep),
                types.Bursty(burst, sleep),
                types.IdleChurn(),
                types.ForkExit(),
                types.NiceSweep(),
                types.AffinityChurn(spin),
                types.PolicyChurn(spin),
                types.CgroupChurn(spin),
                types.PageFaultChurn(512, 64, spin),
                types.Sequence((types.SpinFor(burst), types.YieldFor(200), types.SleepFor(sleep))),
                teams.PipeIo(spin),
                teams.FutexPingPong(spin),
                teams.CrossAffinityChurn(spin),
                teams.FutexFanOut(3, spin),
                teams.MutexContention(3, 256, spin),
                teams.PriorityInversion(4096, 1024, self.chance(0.5)),
                teams.AsymmetricWaker(spin, 256),
                teams.WakeChain(3, spin),
                teams.ThunderingHerd(3, spin),
                teams.SignalStorm(spin),
                teams.PreemptStorm(2, 200, 2_000),
            )
        )

    def hold(self) -> s.HoldSpec:
        """How long a step lasts."""
        return s.Fixed(self.random.choice(_HOLDS_S))

    def waiting_hold(self, name: str) -> s.HoldSpec:
        """A hold that ends by what the workers of a cgroup have got."""
        return s.Until(self._got(name), self.random.choice((0.1, 0.3)), OnTimeout.GO_ON)

    def _got(self, name: str) -> CpuTime | WorkDone:
        if self.chance(0.5):
            return WorkDone(name, self.random.choice((1, 1000)))
        return CpuTime(name, self.random.choice((0.005, 0.05)))

    def op(self, names: Sequence[str]) -> s.Op:
        """A change of cgroups of these names, of CPUs, or of the scheduler."""
        makers = [maker for maker, family in self._makers(names) if self._may(family)]
        return self.random.choice(makers)()

    def _may(self, family: Family | None) -> bool:
        return family is None or self._grammar.has(family)

    def _makers(self, names: Sequence[str]) -> list[tuple[Callable[[], s.Op], Family | None]]:
        random = self.random
        a, b = random.choice(names), random.choice(names)
        cpu = random.choice(self._cpus)
        made: list[tuple[Callable[[], s.Op], Family | None]] = [
            (lambda: s.Spawn(a, self.work()), None),
            (lambda: s.SpawnHost(self.host_work()), None),
            (lambda: s.StopCgroup(a), None),
            (lambda: s.RemoveCgroup(a), None),
            (lambda: s.WaitFor(self._got(a), 0.02, OnTimeout.GO_ON), None),
            (lambda: s.AddCgroupDef(self.cgroup(self._new(names))), None),
            (lambda: s.SetCpuset(a, self.cpuset()), Family.CPUSETS),
            (lambda: s.ClearCpuset(a), Family.CPUSETS),
            (lambda: s.SwapCpusets(a, b), Family.CPUSETS),
            (lambda: s.SetLimits(a, self.limits()), Family.LIMITS),
            (lambda: s.SetLimits(a, self.limits()), Family.LIMITS),
            (lambda: s.Freeze(a), Family.FREEZE),
            (lambda: s.Thaw(a), Family.FREEZE),
            (lambda: s.SetAffinity(a, self.affinity()), Family.AFFINITIES),
            (lambda: s.MoveAllTasks(a, b), Family.MOVES),
            (lambda: s.OfflineCpu(cpu), Family.HOTPLUG),
            (lambda: s.OnlineCpu(cpu), Family.HOTPLUG),
        ]
        if self._grammar.scheduler is not None:
            made += [
                (s.RestartScheduler, Family.SCHEDULERS),
                (s.DetachScheduler, Family.SCHEDULERS),
                (s.AttachScheduler, Family.SCHEDULERS),
            ]
        for knob in self._grammar.knobs:
            setting = s.SetKnob(knob.name, random.choice(knob.values))
            made.append((lambda setting=setting: setting, Family.KNOBS))  # type: ignore[misc]
        return made

    def _new(self, names: Sequence[str]) -> str:
        """A name for one more, now and then below another."""
        name = f"more_{self.random.randrange(3)}"
        return f"{self.random.choice(names)}/{name}" if self.has(Family.NESTING, 0.2) else name
