# SPDX-License-Identifier: Apache-2.0
"""A test target as something to choose: what it covers, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from ktstr.model.machine.topology import Topology
from tools.select.functions import Function

# Upper ends of the buckets; the last is open.
_CPUS = (8, 16, 64, 128)
_LLCS = (1, 2, 4, 8)
_NODES = (1, 2, 4)
_SECONDS = (2, 10)

_USUAL_WORKERS = 2

# Host seconds of a test whose duration nobody has measured: to boot, to end, and for each vCPU
# beyond what boots as fast as one.
_BOOT_S = 10.0
_END_S = 2.0
_FREE_CPUS = 16
_CPUS_PER_S = 10

# What something costs that seems to cost nothing.
_LEAST_S = 0.01


@dataclass(frozen=True)
class Target:
    """A ktstr_test as a query tells of it; labels as Bazel writes them."""

    label: str
    topology: Topology
    sources: tuple[str, ...]
    scheduler: str
    kernel: str
    accel: str
    staged: bool
    disks: bool
    payloads: bool
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Candidate:
    """`seconds` for all functions, of which `measured` were taken from a result."""

    label: str
    seconds: float
    features: frozenset[str]
    functions: int = 1
    measured: int = 0


def candidate(
    target: Target, functions: Sequence[Function], measured: Mapping[str, float]
) -> Candidate:
    """What a target covers and costs.

    functions: those of its sources; none where they cannot be read, as the sources make them when
    they are imported.  measured: seconds that functions took, by name; the others are estimated.
    """
    # Of sources that cannot be read, the last run says what there is.
    functions = functions or [Function(name) for name in measured] or [Function("")]
    seconds = sum(
        measured.get(each.name, estimate_s(target.topology, each.duration_s)) for each in functions
    )
    return Candidate(
        label=target.label,
        seconds=max(seconds, _LEAST_S),
        features=features(target, functions),
        functions=len(functions),
        measured=sum(each.name in measured for each in functions),
    )


def estimate_s(topology: Topology, duration_s: float) -> float:
    """Host seconds that a function takes, for want of a measurement."""
    slow = max(0.0, (topology.cpus - _FREE_CPUS) / _CPUS_PER_S)
    return _BOOT_S + slow + duration_s + _END_S


def features(target: Target, functions: Sequence[Function]) -> frozenset[str]:
    """What is tried by running a target, as words such as `cpus<=8` and `flag=steal`."""
    shape = target.topology
    found = {
        f"scheduler={target.scheduler or 'eevdf'}",
        f"kernel={target.kernel}",
        _bucket("cpus", shape.cpus, _CPUS),
        _bucket("llcs", shape.llcs, _LLCS),
        _bucket("numa_nodes", shape.nodes, _NODES),
    }
    found |= {f"accel={target.accel}"} - {"accel=auto"}
    for name, there in {
        "smt": shape.threads > 1,
        "staged_schedulers": target.staged,
        "disks": target.disks,
        "payloads": target.payloads,
        "gauntlet": "gauntlet" in target.tags,
    }.items():
        found |= {name} if there else set()
    for tag in target.tags:
        kind, _, profile = tag.partition(":")
        if kind == "profile":
            found |= {f"flag={flag}" for flag in profile.split("+")}
    found |= {f"source={_module(source)}" for source in target.sources}
    for each in functions:
        found.add(_bucket("duration_s", each.duration_s, _SECONDS))
        found |= {"in_guest"} if each.in_guest else set()
        found |= {"expect_fail"} if each.expect_fail else set()
        found |= {"many_workers"} if each.workers_per_cgroup > _USUAL_WORKERS else set()
    return frozenset(found)


def _bucket(name: str, value: float, ends: Sequence[int]) -> str:
    for end in ends:
        if value <= end:
            return f"{name}<={end}"
    return f"{name}>{ends[-1]}"


def _module(label: str) -> str:
    return PurePosixPath(label.rpartition(":")[2]).stem
