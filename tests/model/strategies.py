# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies for the model's data."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from ktstr.model import scenario as s
from ktstr.model import work as w
from ktstr.model.checks import Checks, ExpectFail, Kind
from ktstr.model.cpuset import CpusetSpec, Disjoint, Exact, Llc, Numa, Overlap, Range
from ktstr.model.plan import Plan, SchedulerPlan
from ktstr.model.topology import Topology

# The same examples everywhere, and none judged by how busy the machine is.
settings.register_profile("ktstr", deadline=None, derandomize=True)
settings.load_profile("ktstr")

_SMALL = st.integers(1, 6)
_FRACTIONS = st.floats(0.0, 1.0)
_POSITIVE = st.floats(1e-3, 1e6)
_CPUS = st.frozensets(st.integers(0, 255), min_size=1)

NANOSECONDS = st.integers(0, 2**40)
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ANY_CPUS = st.frozensets(st.integers(0, 8191))
_NAMES = st.text(min_size=1, max_size=12)


def topologies() -> st.SearchStrategy[Topology]:
    """Small machines whose LLCs divide over their nodes."""
    return st.builds(
        lambda nodes, per_node, cores, threads: Topology(nodes, nodes * per_node, cores, threads),
        st.integers(1, 4),
        st.integers(1, 4),
        _SMALL,
        st.integers(1, 4),
    )


def cpusets() -> st.SearchStrategy[CpusetSpec]:
    """Specs of all six kinds, whether or not they make sense on some machine."""
    return st.one_of(
        st.builds(Llc, st.integers(-1, 9)),
        st.builds(Numa, st.integers(-1, 9)),
        st.builds(Range, _FRACTIONS, _FRACTIONS),
        st.builds(Disjoint, st.integers(-1, 9), st.integers(0, 9)),
        st.builds(Overlap, st.integers(-1, 9), st.integers(0, 9), _FRACTIONS),
        st.builds(Exact, _CPUS),
    )


def works() -> st.SearchStrategy[w.Work]:
    """Groups of workers of every type, policy and affinity."""
    kinds = st.one_of(
        st.builds(w.CpuSpin),
        st.builds(w.YieldHeavy),
        st.builds(w.Mixed),
        st.builds(w.Bursty, st.integers(1, 10**6), st.integers(1, 10**6)),
        st.builds(w.PipeIo, _SMALL),
        st.builds(w.FutexPingPong, _SMALL),
        st.builds(w.IoSync),
    )
    affinities = st.one_of(
        st.builds(w.Inherit),
        st.builds(w.RandomSubset),
        st.builds(w.LlcAligned),
        st.builds(w.CrossCgroup),
        st.builds(w.SingleCpu),
        st.builds(w.ExactCpus, _CPUS),
    )
    return st.builds(
        w.Work,
        type=kinds,
        workers=st.none() | _SMALL,
        policy=st.sampled_from(w.Policy),
        rt_priority=st.integers(0, 99),
        nice=st.integers(-20, 19),
        affinity=affinities,
    )


def scenarios() -> st.SearchStrategy[s.Scenario]:
    """Scenarios with every op and hold, whether or not they can be played."""
    cgroups = st.builds(
        s.CgroupDef,
        name=_NAMES,
        cpuset=st.none() | cpusets(),
        works=st.none() | st.lists(works(), max_size=2).map(tuple),
        weight=st.none() | st.integers(1, 10000),
    )
    ops = st.one_of(
        st.builds(s.AddCgroup, _NAMES),
        st.builds(s.RemoveCgroup, _NAMES),
        st.builds(s.SetCpuset, _NAMES, cpusets()),
        st.builds(s.ClearCpuset, _NAMES),
        st.builds(s.SwapCpusets, _NAMES, _NAMES),
        st.builds(s.Spawn, _NAMES, works()),
        st.builds(s.SpawnHost, works()),
        st.builds(s.StopCgroup, _NAMES),
        st.builds(s.SetAffinity, _NAMES, st.builds(w.SingleCpu)),
        st.builds(s.MoveAllTasks, _NAMES, _NAMES),
        st.builds(s.SetKnob, _NAMES, st.integers(-(2**63), 2**64 - 1)),
    )
    holds = st.one_of(
        st.builds(s.Frac, _POSITIVE), st.builds(s.Fixed, _POSITIVE), st.builds(s.Loop, _POSITIVE)
    )
    some_cgroups = st.lists(cgroups, max_size=2).map(tuple)
    some_ops = st.lists(ops, max_size=3).map(tuple)
    steps = st.builds(s.Step, setup=some_cgroups, ops=some_ops, hold=holds)
    return st.builds(
        s.Scenario,
        steps=st.lists(steps, max_size=3).map(tuple),
        backdrop=st.builds(s.Backdrop, cgroups=some_cgroups, ops=some_ops),
    )


def checks() -> st.SearchStrategy[Checks]:
    """Layers with any of their thresholds set."""
    limits, switches = st.none() | _POSITIVE, st.none() | st.booleans()
    return st.builds(
        Checks,
        not_starved=switches,
        max_gap_ms=limits,
        max_spread_pct=limits,
        isolation=switches,
        max_p99_wake_latency_us=limits,
        max_migrations_per_s=limits,
        scheduler_alive=switches,
        clean_kernel_log=switches,
    )


def plans() -> st.SearchStrategy[Plan]:
    """Plans of both kinds of tests."""
    schedulers = st.builds(
        SchedulerPlan,
        name=_NAMES,
        argv=st.lists(_NAMES, min_size=1, max_size=3).map(tuple),
        ops=_NAMES,
        control=st.booleans(),
    )
    return st.builds(
        Plan,
        test=_NAMES,
        source=_NAMES,
        topology=topologies().map(str),
        duration_s=_POSITIVE,
        workers_per_cgroup=_SMALL,
        seed=st.integers(0, 2**31 - 1),
        scheduler=st.none() | schedulers,
        scenario=st.none() | scenarios(),
        function=st.none() | _NAMES,
        checks=checks(),
        expect_fail=st.none() | st.builds(ExpectFail, st.sampled_from(Kind), st.just("a.*b")),
    )
