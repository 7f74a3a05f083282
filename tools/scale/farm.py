# SPDX-License-Identifier: Apache-2.0
"""A farm to be simulated: its machines, what things cost there, and how it fails."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Machines:
    """Machines that are alike.

    Attributes:
      count: how many.
      cores: of each.
      jobs: actions at once, of each.
      memory_mib: for each action; an action of a larger class goes elsewhere.
    """

    count: int
    cores: float
    jobs: int
    memory_mib: int


@dataclass(frozen=True)
class Costs:
    """What comes on top of running, in seconds and bytes a second.

    Attributes:
      analysis_s: before the client sends anything.
      client_s: of one of the client's cores, for each action: hashing, asking, fetching.
      client_cores: how many cores the client has.
      client_jobs: how many actions the client has under way at once (Bazel's --jobs).
      dispatch_s: from the client's word to the start on a worker that is free.
      stage_s: of one of a machine's cores, for each action: linking inputs, collecting outputs.
      transfer_bytes_s: of one transfer between the cache and a machine.
      cas_bytes_s: of all transfers together.
    """

    analysis_s: float = 0.0
    client_s: float = 0.0
    client_cores: float = 1.0
    client_jobs: int = 1 << 30
    dispatch_s: float = 0.0
    stage_s: float = 0.0
    transfer_bytes_s: float = 1e18
    cas_bytes_s: float = 1e18


@dataclass(frozen=True)
class Farm:
    """All of it.

    Attributes:
      machines: at least one.
      shared_cores: what all machines have together, where they are processes of one computer; 0:
        each has its own.
      foreign: threads that others keep running on each computer, and that share its cores.
      costs: as above.
      kills_per_hour: of each machine; whatever runs there is lost, and done elsewhere.
      keepalive_s: until the server knows that a machine is dead.
      restart_s: until it takes work again.
    """

    machines: tuple[Machines, ...]
    shared_cores: float = 0.0
    foreign: float = 0.0
    costs: Costs = Costs()
    kills_per_hour: float = 0.0
    keepalive_s: float = 30.0
    restart_s: float = 10.0

    @property
    def cores(self) -> float:
        """Of all machines."""
        return self.shared_cores or sum(each.count * each.cores for each in self.machines)

    @property
    def slots(self) -> int:
        """Actions at once, of all machines."""
        return sum(each.count * each.jobs for each in self.machines)
