# SPDX-License-Identifier: Apache-2.0
"""What the monitor saw of a guest's runqueues and queues, as series over the guest's time.

Times are guest CLOCK_MONOTONIC in nanoseconds.  What a quantity means, and where a kernel keeps it,
is in `ktstr.introspect.monitor.quantities`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

# at CONFIG_HZ=100, the least that kernel/Kconfig.hz offers
_LONGEST_TICK_NS = 10_000_000


class How(StrEnum):
    """Who looked.

    PLUGIN: QEMU's plugin, at exact instants: no sample is torn.  MEMORY: the host, while the guest
    ran on: what did not agree with itself was thrown away.  NOBODY: there are no samples.
    """

    PLUGIN = "plugin"
    MEMORY = "memory"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Column:
    """One quantity over all samples.

    of: the CPU, the number of a domain's CPU and level, or the DSQ; None: of the whole machine.
    values: one for each sample.
    """

    quantity: str
    of: int | None
    values: tuple[int, ...]


@dataclass(frozen=True)
class Lack:
    """A quantity that this kernel cannot be asked for, and what it lacks: a symbol or a field."""

    quantity: str
    what: str


@dataclass(frozen=True)
class IdleWait:
    """A CPU that went idle while a task that may run there waited for a CPU elsewhere.

    at_ns: when.  pid, comm, on_cpu, waited_ns: of those tasks the one that had waited longest.
    among: the instants of which this is the longest, it included (see `IDLE_WAIT_NS`).
    """

    at_ns: int
    cpu: int
    pid: int
    comm: str
    on_cpu: int
    waited_ns: int
    among: int = 1


# of each CPU's idle waits of so much time the longest is kept
IDLE_WAIT_NS = 20_000_000


@dataclass(frozen=True)
class IdleLooks:
    """How often CPUs went idle, and beside whom.

    looks: the instants at which one did.  lost: those of them for which the plugin had no room.
    unseen: looks at which somebody waited whom the records do not hold: a queue has more tasks.
    """

    looks: int
    lost: int
    unseen: int
    waits: tuple[IdleWait, ...]


@dataclass(frozen=True)
class MonitorSeries:
    """All that the monitor saw in one guest.

    why: of NOBODY, why nobody looked; of MEMORY, why the plugin did not.  period_ns: at most one
    sample is taken in so much guest time; while all CPUs sleep there is none.  at_ns: when each
    sample was taken, rising.  torn: samples that were thrown away.  comms: what tasks were called,
    by pid, where one was seen running.  unseen_dsqs: of a scheduler's DSQs so many were not looked
    at, at most at any time.  idle: None where nobody stood where CPUs go idle.
    """

    how: How
    why: str = ""
    period_ns: int = 0
    at_ns: tuple[int, ...] = ()
    columns: tuple[Column, ...] = ()
    lacks: tuple[Lack, ...] = ()
    torn: int = 0
    comms: Mapping[int, str] = field(default_factory=dict)
    unseen_dsqs: int = 0
    idle: IdleLooks | None = None

    @property
    def apart_ns(self) -> int | None:
        """Samples that are further apart have none between since all CPUs slept, or some were lost.

        None where that cannot be told: the host reads when it comes to it.
        """
        # a period is one tick or more
        tick_ns = min(self.period_ns, _LONGEST_TICK_NS)
        return 2 * (self.period_ns + tick_ns) if self.how is How.PLUGIN else None

    def by(self, quantity: str) -> dict[int | None, tuple[int, ...]]:
        """The values of a quantity, by what they are of; empty where it was not looked at."""
        return {each.of: each.values for each in self.columns if each.quantity == quantity}

    def lack(self, quantity: str) -> str:
        """What this kernel lacks for a quantity; empty if nothing."""
        return next((each.what for each in self.lacks if each.quantity == quantity), "")
