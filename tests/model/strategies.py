# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies for the model's data."""

from __future__ import annotations

import typing

from hypothesis import settings
from hypothesis import strategies as st

from ktstr import metric
from ktstr.model.machine.cpuset import CpusetSpec, Disjoint, Exact, Llc, Numa, Overlap, Range
from ktstr.model.machine.disk import Disk, Filesystem, Throttle
from ktstr.model.machine.topology import Topology
from ktstr.model.payload import MetricHint, OutputFormat, Payload, Polarity, Repeats
from ktstr.model.plan import Plan, SchedulerPlan
from ktstr.model.scenario import conditions as c
from ktstr.model.scenario import inside as i
from ktstr.model.scenario import scenario as s
from ktstr.model.scenario.limits import Limits
from ktstr.model.verdict.checks import Checks, ExpectFail
from ktstr.model.verdict.kinds import Kind
from ktstr.model.verdict.relations import it
from ktstr.model.wire.places import Key
from ktstr.model.work import types as t
from ktstr.model.work import work as w
from ktstr.model.work.bounds import bounds_of
from ktstr.model.work.kind import KINDS, WorkType
from ktstr.model.work.mem_policy import MemMode, MemPolicy
from ktstr.model.work.policy import Policy

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
# keys without dots and not empty, so that no two paths are alike
_KEYS = st.text(st.characters(exclude_characters="."), min_size=1, max_size=5)
_TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | _KEYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=20,
)
DOCUMENTS = st.lists(_TREES, max_size=4) | st.dictionaries(_KEYS, _TREES, max_size=4)
ANY_CPUS = st.frozensets(st.integers(0, 8191))
_NAMES = st.text(min_size=1, max_size=12)
_ENTRY_KEYS: st.SearchStrategy[Key] = st.integers() | st.lists(
    st.integers(), min_size=1, max_size=3
).map(lambda numbers: tuple(numbers))
_DISK_NAMES = st.sampled_from(["disk0", "logs", "elsewhere"])
_MAYBE = st.none() | _NAMES
_WORDS = st.lists(_NAMES, max_size=3).map(tuple)
_PLAIN = [each for each in OutputFormat if each is not OutputFormat.REGEX]
_BOUNDS = st.floats(allow_nan=False, allow_infinity=False)
_RELATIONS = st.one_of(
    st.builds(it.at_least, _BOUNDS),
    st.builds(it.equals, st.integers() | _NAMES),
    st.builds(lambda bound: it.any_of(it.below(bound), it.is_finite()), _BOUNDS),
)


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


def work_types() -> st.SearchStrategy[WorkType]:
    """Every work type, with numbers that it may or may not take."""
    kinds = (t.SpinFor, t.SleepFor, t.YieldFor, t.IoFor)
    phases = st.one_of(*(st.builds(kind, _SMALL) for kind in kinds))
    special: dict[type[WorkType], st.SearchStrategy[WorkType]] = {
        t.Sequence: st.builds(t.Sequence, st.lists(phases, min_size=1, max_size=3).map(tuple)),
        t.PythonWork: st.builds(t.PythonWork, st.just("work")),
        t.CustomWork: st.builds(t.CustomWork, _NAMES, st.dictionaries(_NAMES, _SMALL), _SMALL),
    }
    return st.one_of(*(special.get(kind, _numbered(kind)) for kind in KINDS.values()))


def _numbered(kind: type) -> st.SearchStrategy[WorkType]:
    chosen = st.fixed_dictionaries({}, optional=dict.fromkeys(bounds_of(kind), _SMALL))
    return chosen.map(lambda values: kind(**values))


def works() -> st.SearchStrategy[w.Work]:
    """Groups of workers of every type, policy and affinity."""
    affinities = st.one_of(
        st.builds(w.Inherit),
        st.builds(w.RandomSubset),
        st.builds(w.LlcAligned),
        st.builds(w.CrossCgroup),
        st.builds(w.SingleCpu),
        st.builds(w.ExactCpus, _CPUS),
        st.builds(w.SmtSiblingPair),
    )
    modes = st.builds(MemPolicy, st.sampled_from(MemMode), st.frozensets(_SMALL), st.booleans())
    return st.builds(
        w.Work,
        type=work_types(),
        workers=st.none() | _SMALL,
        policy=st.sampled_from(Policy),
        rt_priority=st.integers(0, 99),
        nice=st.integers(-20, 19),
        affinity=affinities,
        workers_pct=st.none() | _POSITIVE,
        deadline=st.none() | st.builds(w.Deadline, _SMALL, _SMALL, _SMALL),
        mem_policy=modes,
        mode=st.sampled_from(w.Mode),
        comm=_NAMES,
        uid=st.none() | _SMALL,
    )


def limits() -> st.SearchStrategy[Limits]:
    """Limits of every kind, whether or not a kernel takes them."""
    return st.builds(
        Limits,
        weight=st.none() | st.integers(0, 10001),
        quota=st.none() | _POSITIVE,
        period_us=st.sampled_from([100_000, 1000, 999]),
        memory_low_mb=st.none() | _SMALL,
        memory_high_mb=st.none() | _SMALL,
        memory_max_mb=st.none() | _SMALL,
        swap_max_mb=st.none() | _SMALL,
        io_weight=st.none() | _SMALL,
        pids_max=st.none() | _SMALL,
        mems=st.none() | st.lists(st.integers(0, 3), max_size=3).map(tuple),
    )


def conditions() -> st.SearchStrategy[c.Condition]:
    """Conditions of every kind."""
    return st.one_of(
        st.builds(c.Iterations, _NAMES, st.integers()),
        st.builds(c.WorkDone, _NAMES, st.integers()),
        st.builds(c.CpuTime, _NAMES, _POSITIVE),
        st.builds(c.EventSeen, _NAMES, _NAMES),
        st.builds(c.GlobalValue, _NAMES, st.sampled_from(["<", "=="]), st.integers()),
        st.builds(i.MapValue, _NAMES, _ENTRY_KEYS, _NAMES, _RELATIONS),
        st.builds(i.KernelValue, _NAMES, _RELATIONS, st.none() | _SMALL, _NAMES),
    )


def _ops(cgroups: st.SearchStrategy[s.CgroupDef]) -> st.SearchStrategy[s.Op]:
    """Ops of every kind."""
    return st.one_of(
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
        st.builds(s.RunPayload, _NAMES, args=_WORDS, checks=metric_checks(), cgroup=_MAYBE),
        st.builds(s.WaitPayload, _NAMES, _MAYBE, _POSITIVE),
        st.builds(s.KillPayload, _NAMES, _MAYBE),
        st.builds(s.AddCgroupDef, cgroups),
        st.builds(s.SetLimits, _NAMES, limits()),
        st.builds(s.Freeze, _NAMES),
        st.builds(s.Thaw, _NAMES),
        st.builds(s.CaptureProcs, _NAMES),
        st.builds(s.WaitFor, conditions(), _POSITIVE, st.sampled_from(c.OnTimeout)),
        st.builds(s.AttachScheduler, _NAMES),
        st.builds(s.DetachScheduler),
        st.builds(s.RestartScheduler),
        st.builds(s.ReplaceScheduler, _NAMES),
        st.builds(s.OfflineCpu, st.integers(-1, 9)),
        st.builds(s.OnlineCpu, st.integers(-1, 9)),
        st.builds(s.SetKnob, _NAMES, st.integers(-(2**63), 2**64 - 1)),
        st.builds(i.Snapshot, _NAMES),
        st.builds(i.SetKernel, _NAMES, st.integers(), st.none() | _SMALL, _NAMES),
        st.builds(i.SetMap, _NAMES, _ENTRY_KEYS, _NAMES, st.integers(), st.none() | _SMALL),
    )


def scenarios() -> st.SearchStrategy[s.Scenario]:
    """Scenarios with every op and hold, whether or not they can be played."""
    cgroups = st.builds(
        s.CgroupDef,
        name=_NAMES,
        cpuset=st.none() | cpusets(),
        works=st.none() | st.lists(works(), max_size=2).map(tuple),
        limits=limits(),
    )
    holds = st.one_of(
        st.builds(s.Frac, _POSITIVE),
        st.builds(s.Fixed, _POSITIVE),
        st.builds(s.Loop, _POSITIVE),
        st.builds(s.Until, conditions(), _POSITIVE, st.sampled_from(c.OnTimeout)),
    )
    some_cgroups = st.lists(cgroups, max_size=2).map(tuple)
    some_ops = st.lists(_ops(cgroups), max_size=3).map(tuple)
    steps = st.builds(
        s.Step,
        setup=some_cgroups,
        ops=some_ops,
        hold=holds,
        name=st.just("") | _NAMES,
        checks=st.none() | checks(),
    )
    return st.builds(
        s.Scenario,
        steps=st.lists(steps, max_size=3).map(tuple),
        backdrop=st.builds(s.Backdrop, cgroups=some_cgroups, ops=some_ops),
    )


def checks() -> st.SearchStrategy[Checks]:
    """Layers with any of their thresholds set."""
    limits, switches = st.none() | _POSITIVE, st.none() | st.booleans()
    hints = typing.get_type_hints(Checks).items()
    fields = {name: switches if hint == bool | None else limits for name, hint in hints}
    return st.builds(Checks, **fields)


def metric_checks() -> st.SearchStrategy[tuple[metric.MetricCheck, ...]]:
    """Checks of every type, in any number and order."""
    ranges = st.tuples(_BOUNDS, _BOUNDS).map(sorted)
    each = st.one_of(
        st.builds(metric.Min, _NAMES, _BOUNDS),
        st.builds(metric.Max, _NAMES, _BOUNDS),
        st.builds(lambda name, ends: metric.Range(name, *ends), _NAMES, ranges),
        st.builds(metric.Exists, _NAMES),
        st.builds(metric.ExitCodeEq, st.integers(-1, 255)),
        st.builds(metric.ExitCodeSkip, st.integers(1, 255)),
    )
    return st.lists(each, max_size=4).map(tuple)


def payloads() -> st.SearchStrategy[Payload]:
    """Payloads of every output format."""
    hints = st.one_of(
        st.builds(MetricHint, _NAMES, st.just(Polarity.TARGET), _BOUNDS, _NAMES),
        st.builds(MetricHint, _NAMES, st.sampled_from(Polarity), unit=_NAMES),
    )
    formats = st.one_of(
        st.tuples(st.sampled_from(_PLAIN), st.none(), st.just(()), st.just(Repeats.ALL)),
        st.tuples(
            st.just(OutputFormat.REGEX),
            st.just({"a.b": r"x=(\d+)"}),
            st.just(()),
            st.just(Repeats.ALL),
        ),
        st.tuples(
            st.just(OutputFormat.JSON),
            st.none(),
            st.just(("event", "cpu")),
            st.sampled_from(Repeats),
        ),
    )
    return st.builds(
        lambda form, **rest: Payload(
            output=form[0], patterns=form[1], record_key=form[2], repeats=form[3], **rest
        ),
        form=formats,
        name=st.from_regex(r"[a-z][a-z0-9._-]{0,9}", fullmatch=True),
        program=st.just("/payloads/p/p"),
        default_args=_WORDS,
        default_checks=metric_checks(),
        metrics=st.lists(hints, max_size=3, unique_by=lambda hint: hint.name).map(tuple),
        known_flags=st.none() | st.just(("-x", "--long")),
        uses_parent_pgrp=st.booleans(),
    )


def disks() -> st.SearchStrategy[Disk]:
    """Disks of every file system."""
    limits = st.integers(0, 2**40)
    return st.builds(
        Disk,
        index=st.integers(0, 9),
        name=_NAMES,
        serial=_NAMES,
        filesystem=st.sampled_from(Filesystem),
        size_bytes=st.integers(1, 2**40),
        read_only=st.booleans(),
        mount_point=st.just("") | _NAMES,
        throttle=st.builds(Throttle, limits, limits, limits, limits),
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
    failing = st.sampled_from([kind for kind in Kind if not kind.never_fails])
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
        expect_fail=st.none() | st.builds(ExpectFail, failing, st.just("a.*b")),
        payloads=st.lists(payloads(), max_size=2).map(tuple),
        disks=st.lists(disks(), max_size=2).map(tuple),
    )
