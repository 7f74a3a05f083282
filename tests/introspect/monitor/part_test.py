# SPDX-License-Identifier: Apache-2.0
"""The monitor as a part of those who look: what it wants, and what it makes of what was seen."""

from __future__ import annotations

from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.introspect.monitor import part
from ktstr.introspect.monitor.idle import FUNCTION
from ktstr.introspect.monitor.part import TICKS, Monitor, MonitorLook, monitor_look
from ktstr.introspect.monitor.reading import whole
from ktstr.introspect.monitor.series import How, MonitorSeries
from ktstr.introspect.plugin.part import Looked
from ktstr.introspect.plugin.records import PredicateCount, ProbeCount, Row
from ktstr.introspect.plugin.watch import KernelFacts, Read, Watch
from tests.introspect.monitor import states

_CPUS = 4
_KERNEL = states.kernel()
_S = 1_000_000_000
# at CONFIG_HZ=250, as sched/kernels/guest.config has it
_TICK_NS = 4_000_000


def _look(duration_s: float = 1.0, sample_ms: float = 4.0) -> MonitorLook:
    return monitor_look(_KERNEL, _CPUS, 1, duration_s, round(sample_ms * 1e6))


class PartTest(parameterized.TestCase):
    def row(self, machine: states.Machine, reads: tuple[Read, ...]) -> Row:
        data = whole(machine.memory, reads, machine.areas, lambda _: b"")
        assert data is not None
        return Row(TICKS[0], 1, data)

    def machine(self, now: int) -> states.Machine:
        made = states.Machine(_KERNEL, _CPUS)
        made.time(now, now, updated_tsc=now)
        for cpu in range(_CPUS):
            made.cpu(cpu, {"clock": now, "nr_running": cpu})
        return made

    def test_it_stands_at_ticks_and_where_cpus_go_idle(self) -> None:
        wanted = _look().wanted
        places = [_KERNEL.where(probe.address).partition("+")[0] for probe in wanted.probes]
        self.assertEqual(places, [*TICKS, FUNCTION])
        (period,) = {probe.period for probe in wanted.probes if probe.period}
        self.assertEqual(period.least, 1)
        Watch(_CPUS, KernelFacts(0, 0, 0, 0), wanted.probes, wanted.predicates)

    @parameterized.parameters((4, 1), (1, 1), (10, 3), (1000, 250))
    def test_periods_are_whole_ticks(self, asked_ms: float, jiffies: int) -> None:
        self.assertEqual(_look(sample_ms=asked_ms).period_ns, jiffies * _TICK_NS)

    @parameterized.parameters(
        (1_000_000, 4, 4),
        (1_000_000, 20, 20),
        (10_000_000, 4, 1),
        (10_000_000, 25, 3),
        (3_333_333, 4, 2),
    )
    def test_periods_are_of_the_ticks_of_the_kernel(
        self, tick: int, asked_ms: float, jiffies: int
    ) -> None:
        with mock.patch.object(part, "tick_ns", return_value=tick):
            look = _look(sample_ms=asked_ms)
        self.assertEqual(look.period_ns, jiffies * tick)
        (period,) = {probe.period for probe in look.wanted.probes if probe.period}
        self.assertEqual(period.least, jiffies)

    @parameterized.parameters((1, 4), (4, 16), (10, 40), (20, 60))
    def test_two_periods_and_a_tick_late_each_is_not_too_far_apart(
        self, period_ms: int, apart_ms: int
    ) -> None:
        seen = MonitorSeries(How.PLUGIN, period_ns=period_ms * 1_000_000)
        self.assertEqual(seen.apart_ns, apart_ms * 1_000_000)
        self.assertIsNone(MonitorSeries(How.MEMORY, period_ns=4_000_000).apart_ns)

    def test_long_tests_are_sampled_less_often(self) -> None:
        self.assertGreater(_look(duration_s=600).period_ns, _TICK_NS)

    def test_a_series_is_made_of_ticks(self) -> None:
        look = _look()
        rows = [self.row(self.machine(at), look.sampler.reads) for at in (2 * _S, 3 * _S)]
        counts = {"idle": ProbeCount(7, 0), TICKS[0]: ProbeCount(2, 2)}
        predicates = (PredicateCount(7, 0, 0, 0),)
        seen = look.made(Looked((), counts, predicates, rows=rows))
        self.assertIs(seen.how, How.PLUGIN)
        self.assertEqual(seen.at_ns, (2 * _S, 3 * _S))
        self.assertEqual(seen.by("nr_running")[2], (2, 2))
        assert seen.idle is not None
        self.assertEqual((seen.idle.looks, seen.idle.lost, seen.idle.waits), (7, 0, ()))

    def test_what_was_not_looked_at_is_counted(self) -> None:
        seen = _look().made(
            Looked((), {"idle": ProbeCount(100, 5)}, (PredicateCount(60, 5, 3, 0),))
        )
        assert seen.idle is not None
        # behind the last record 32 times, without an answer thrice, and five records are gone
        self.assertEqual((seen.idle.looks, seen.idle.lost), (100, 40))

    def test_nobody_looked(self) -> None:
        self.assertIs(_look().made(Looked(problem="no plugin")).how, How.NOBODY)
        without = Monitor().without("no index")
        self.assertEqual((without.how, without.why), (How.NOBODY, "no index"))


if __name__ == "__main__":
    absltest.main()
