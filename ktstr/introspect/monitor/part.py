# SPDX-License-Identifier: Apache-2.0
"""The monitor as one of those that look into guests by QEMU's plugin.

A sample is taken at the first tick of any CPU once the period is over, behind update_rq_clock(), so
that the clock of that CPU's runqueue is fresh.  While no CPU ticks, as all of them sleep, there is
no sample.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ktstr.introspect.invariants.compiler import compile_predicate
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.kernel.tick import tick_ns
from ktstr.introspect.monitor.idle import IdleLook, condition, idle_look, idle_probe, longest
from ktstr.introspect.monitor.sampler import Sampler, Taken, sampler
from ktstr.introspect.monitor.series import How, IdleLooks, Lack, MonitorSeries
from ktstr.introspect.plugin.part import Looked, Wanted
from ktstr.introspect.plugin.watch import ABSOLUTE, Period, Probe, Read
from ktstr.model.plan import Plan

# what each class does at a tick: of kernel/sched/{fair,ext,idle,rt,deadline,stop_task}.c, 6.12 to
# 7.2; a kernel without sched_ext has no task_tick_scx
TICKS = (
    "task_tick_fair",
    "task_tick_scx",
    "task_tick_idle",
    "task_tick_rt",
    "task_tick_dl",
    "task_tick_stop",
)
IDLE_WAIT = "idle_beside_wait"
_IDLE = "idle"
# what all samples of a run may take of the plugin's memory
_MOST_BYTES = 40 << 20
# guest time before and after what a test plays
_AROUND_S = 5.0


class Monitor:
    """The part of a run's record that is called `monitor`."""

    name = "monitor"

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> MonitorLook:
        """A look at all runqueues, in every guest.

        Raises:
            UnknownName: the kernel lacks runqueues, ticks or clocks that are known here.
        """
        sample_ns = round(plan.sample_ms * 1e6)
        return monitor_look(kernel, cpus, plan.machine.nodes, plan.duration_s, sample_ns)

    def without(self, why: str) -> MonitorSeries:
        """What there is where nobody looked."""
        return MonitorSeries(How.NOBODY, why)


@dataclass(frozen=True)
class MonitorLook:
    """The probes of one guest, and the series that come of their records.

    idle: None where this kernel cannot be looked at where CPUs go idle; `lacks` says why.
    """

    sampler: Sampler
    idle: IdleLook | None
    lacks: tuple[Lack, ...]
    period_ns: int
    wanted: Wanted

    def made(self, looked: Looked) -> MonitorSeries:
        """What the records say."""
        if not looked.probes:
            return MonitorSeries(How.NOBODY, looked.problem or "the plugin did not say what it saw")
        ticks: list[Taken] = []
        idle: list[Taken] = []
        for probe, cpu, data in looked.rows:
            (idle if probe == _IDLE else ticks).append(Taken(cpu, data))
        samples = self.sampler.samples(ticks)
        return MonitorSeries(
            How.PLUGIN,
            looked.problem,
            self.period_ns,
            samples.at_ns,
            samples.columns,
            self.lacks,
            comms=samples.comms,
            unseen_dsqs=samples.unseen,
            idle=self._idle_looks(looked, idle),
        )

    def _idle_looks(self, looked: Looked, taken: Sequence[Taken]) -> IdleLooks | None:
        if self.idle is None:
            return None
        waits, unseen = self.idle.waits([each.cpu for each in taken], [each.data for each in taken])
        hits = looked.probes[_IDLE].hits if _IDLE in looked.probes else 0
        # behind its last record the probe looks no more; nor is known what it ran out of fuel for
        told = sum(each.held + each.failed for each in looked.predicates)
        gone = sum(each.failed for each in looked.predicates) - len(taken)
        return IdleLooks(hits, max(0, hits - told) + max(0, gone), unseen, longest(waits))


def monitor_look(
    kernel: Kernel, cpus: int, nodes: int, duration_s: float, sample_ns: int
) -> MonitorLook:
    """The look at a guest of so many CPUs and NUMA nodes, which plays for so long."""
    taken, stand = _standing(kernel, cpus, nodes)
    tick = tick_ns(kernel)
    jiffies = _jiffies(duration_s, sample_ns, taken.row.size, tick)
    period_ns = tick * jiffies
    ticks = tuple(_ticks(kernel, taken, jiffies))
    if isinstance(stand, Lack):
        lacks = (*taken.lacks, stand)
        return MonitorLook(taken, None, lacks, period_ns, Wanted(ticks, rows=True))
    wanted = Wanted((*ticks, stand.probe), (stand.program,), rows=True)
    return MonitorLook(taken, stand.look, taken.lacks, period_ns, wanted)


@dataclass(frozen=True)
class _Stand:
    """Where CPUs go idle: what is read there, the probe, and the program of its condition."""

    look: IdleLook
    probe: Probe
    program: bytes


@functools.lru_cache(maxsize=1)
def _standing(kernel: Kernel, cpus: int, nodes: int) -> tuple[Sampler, _Stand | Lack]:
    """What all tests of a target have alike; a Lack where this kernel has nothing to stand at."""
    taken = sampler(kernel, cpus, nodes)
    try:
        idle = idle_look(kernel, cpus, taken.clock)
        stand = idle_probe(kernel, idle, 0)
        program = compile_predicate(condition(kernel), kernel).program.encode()
    except UnknownName as error:
        return taken, Lack(IDLE_WAIT, error.name)
    return taken, _Stand(idle, stand, program)


def _jiffies(duration_s: float, asked_ns: int, sample_bytes: int, tick: int) -> int:
    """The period that is asked for, or at which the samples of so long a test find room, in ticks.

    With those of the time around what a test plays.
    """
    least = (duration_s + _AROUND_S) * 1e9 * sample_bytes / _MOST_BYTES
    return max(1, math.ceil(max(asked_ns, least) / tick))


def _ticks(kernel: Kernel, taken: Sampler, least: int) -> Iterable[Probe]:
    """One probe where each class has its tick, all of one period of so many jiffies."""
    period = Period(Read(ABSOLUTE, (kernel.symbol("jiffies_64"),), 8), least)
    present = [name for name in TICKS if kernel.has_symbol(name)]
    if not present:
        kernel.symbol(TICKS[0])
    for name in present:
        where = kernel.symbol_range(name)
        yield Probe(name, where.start, where.stop, reads=taken.reads, period=period)
