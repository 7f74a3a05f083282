# SPDX-License-Identifier: Apache-2.0
"""Work types for teams of several workers that wake, wait for, or hinder each other.

Units are those of ktstr.model.work_types.
"""

from __future__ import annotations

from ktstr.model.parameters import Parameters, parameters


@parameters
class FutexFanOut(Parameters):
    """Number 0 spins, then wakes all `fan_out` others at once; each spins and waits again."""

    fan_out: int = 4
    spin: int = 1024


@parameters
class FanOutCompute(Parameters):
    """Number 0 wakes `fan_out` others; each sleeps `sleep_us`, then multiplies matrices.

    The three matrices together take `footprint_kb`; they are multiplied `operations` times.
    """

    fan_out: int = 4
    footprint_kb: int = 256
    operations: int = 5
    sleep_us: int = 100


@parameters
class MutexContention(Parameters):
    """`contenders` workers spin, take one lock, hold it for `hold` spins, and let it go."""

    contenders: int = 4
    hold: int = 256
    spin: int = 1024


@parameters
class PriorityInversion(Parameters):
    """Number 2 (nice 19) holds a lock that number 0 wants, while number 1 (nice 5) only spins.

    With `inherit` it is a lock whose holder inherits the priority of who waits for it.
    """

    hold: int = 4096
    spin: int = 1024
    inherit: bool = False


@parameters
class AsymmetricWaker(Parameters):
    """Pairs: the first spins, wakes the second and never waits; the second does little and waits.

    The first spins `spin`, the second `wakee_spin`.
    """

    spin: int = 4096
    wakee_spin: int = 256


@parameters
class WakeChain(Parameters):
    """`depth` workers in a ring: each waits for the one before, spins, and wakes the next."""

    depth: int = 4
    spin: int = 256


@parameters
class EpollStorm(Parameters):
    """Number 0 posts events; `consumers` others wait for them in epoll, level-triggered.

    All who wait are woken, and each takes what is left.
    """

    consumers: int = 4
    spin: int = 256


@parameters
class ThunderingHerd(Parameters):
    """Number 0 gives out one token at a time and wakes all `waiters`; one gets it, all go on."""

    waiters: int = 8
    spin: int = 1024


@parameters
class ProducerConsumerImbalance(Parameters):
    """`producers` fill a queue of `queue` places, `consumers` empty it; who cannot go on waits."""

    producers: int = 3
    consumers: int = 1
    queue: int = 16
    spin: int = 256


@parameters
class SignalStorm(Parameters):
    """Pairs that send each other a signal on every iteration, spinning between."""

    spin: int = 256


@parameters
class PreemptStorm(Parameters):
    """Number 0 (SCHED_FIFO 1) runs for `burst_us` every `sleep_us`; `spinners` others spin."""

    spinners: int = 3
    burst_us: int = 20
    sleep_us: int = 200


@parameters
class RtStarvation(Parameters):
    """`hogs` spin as SCHED_FIFO `priority`, `victims` beside them with the work's own policy."""

    hogs: int = 1
    victims: int = 1
    priority: int = 10


@parameters
class Schbench(Parameters):
    """As schbench: `threads` ask number 0 to be woken, sleep `sleep_us`, multiply matrices.

    Number 0 waits for them, and wakes each on its own.
    """

    threads: int = 4
    footprint_kb: int = 256
    operations: int = 5
    sleep_us: int = 100


@parameters
class Taobench(Parameters):
    """As a cache server: `fast` workers look up; `miss_pct` of it they hand to one of `slow`.

    A slow worker sleeps `slow_us` as for a database, fills the entry, and wakes who asked.
    """

    fast: int = 3
    slow: int = 1
    miss_pct: int = 10
    slow_us: int = 100
    table_kb: int = 1024
