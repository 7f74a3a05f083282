# SPDX-License-Identifier: Apache-2.0
"""The machine's shape as this kernel shows it."""

from __future__ import annotations

from functools import cache

from ktstr.guest.system.sysfs import (
    CPUS,
    seen_capacities,
    seen_cores,
    seen_distances,
    seen_llcs,
    seen_nodes,
)
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.machine.cpulist import parse_cpulist
from ktstr.model.machine.topology import TopologyView, differing


@cache
def seen_view() -> TopologyView:
    """What sysfs says of LLCs, nodes and cores at the first call; empty where it says nothing."""
    return TopologyView(
        llcs=tuple(map(parse_cpulist, seen_llcs())),
        nodes=tuple(map(parse_cpulist, seen_nodes())),
        cores=tuple(map(parse_cpulist, seen_cores())),
        distances=tuple(map(tuple, seen_distances())),
        capacities=differing(seen_capacities()),
    )


def online_cpus(directory: str = CPUS) -> frozenset[int]:
    """The CPUs that are there now.

    Raises:
        InfraError: the kernel does not say.
    """
    path = f"{directory}/online"
    try:
        with open(path, encoding="ascii") as file:
            return parse_cpulist(file.read().strip())
    except (OSError, UsageError) as error:
        raise InfraError(f"cannot read which CPUs are online from {path}: {error}") from error
