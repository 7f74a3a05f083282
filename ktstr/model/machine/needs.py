# SPDX-License-Identifier: Apache-2.0
"""What a test needs of its machine: on a smaller one it is skipped, with the reason."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from ktstr.model.errors import UsageError
from ktstr.model.machine.topology import TopologyView

_NOUNS = {
    "cpus": "CPUs",
    "llcs": "LLCs",
    "nodes": "NUMA nodes",
    "threads": "threads in a core",
}


@dataclass(frozen=True)
class Needs:
    """The smallest machine on which a test says something.

    cpus, llcs, nodes: of the whole machine.  threads: SMT siblings of the largest core.
    """

    cpus: int = 1
    llcs: int = 1
    nodes: int = 1
    threads: int = 1

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            if value < 1:
                raise UsageError(f"Needs.{name} is {value}; at least 1 is needed")

    def unmet(self, view: TopologyView) -> str:
        """Why a machine is too small, or empty when it is large enough."""
        there = {
            "cpus": len(view.cpus),
            "llcs": len(view.llcs),
            "nodes": len(view.nodes),
            "threads": max((len(core) for core in view.cores), default=0),
        }
        lacking = [
            f"{asked} {_NOUNS[name]} (there are {there[name]})"
            for name, asked in dataclasses.asdict(self).items()
            if asked > there[name]
        ]
        if not lacking:
            return ""
        return f"{view.describe()} is too small: the test needs {' and '.join(lacking)}"
