# SPDX-License-Identifier: Apache-2.0
"""Samples of a machine made by hand, in the layout of a real kernel."""

from __future__ import annotations

import struct
from random import Random
from unittest import mock

from absl.testing import absltest, parameterized
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.introspect.monitor import living, looking
from ktstr.introspect.monitor.living import Living
from ktstr.introspect.monitor.parts import Key, Number, Part, row_of
from ktstr.introspect.monitor.quantities import (
    BY_NAME,
    CLASS_NAMES,
    EVENT_PREFIX,
    QUANTITIES,
    SCX_STATES,
    SERVERS,
)
from ktstr.introspect.monitor.reading import run, whole
from ktstr.introspect.monitor.sampler import Sampler, Samples, Taken, sampler
from ktstr.introspect.monitor.series import How, MonitorSeries
from ktstr.introspect.plugin.watch import ABSOLUTE, EACH_CPU, Read
from tests.introspect.monitor import states

_CPUS = 4
_KERNEL = states.kernel()
_TSC = 5_000_000_000


def _samples(of: Sampler, machine: states.Machine, cpu: int = 0) -> Samples:
    data = whole(machine.memory, of.reads, machine.areas, lambda _: b"")
    assert data is not None
    return of.samples([Taken(cpu, data)])


class SamplerTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.machine = states.Machine(_KERNEL, _CPUS)
        self.machine.time(_TSC, 3_000_000_000, updated_tsc=_TSC - 1_000_000)
        self.sampler = sampler(_KERNEL, _CPUS, nodes=1)

    def values(self, quantity: str) -> dict[int | None, int]:
        found = _samples(self.sampler, self.machine)
        return {each.of: each.values[0] for each in found.columns if each.quantity == quantity}

    def test_numbers_of_each_runqueue(self) -> None:
        for cpu in range(_CPUS):
            values = {"nr_running": cpu, "cfs.h_nr_queued": 10 + cpu, "scx.local_dsq.nr": 20 + cpu}
            self.machine.cpu(cpu, values | {"cpu_capacity": 1024 - cpu, "clock": 77})
        self.assertEqual(self.values("nr_running"), {0: 0, 1: 1, 2: 2, 3: 3})
        self.assertEqual(self.values("h_nr_queued"), {0: 10, 1: 11, 2: 12, 3: 13})
        self.assertEqual(self.values("local_dsq"), {0: 20, 1: 21, 2: 22, 3: 23})
        self.assertEqual(self.values("capacity")[3], 1021)
        self.assertEqual(self.values("clock")[2], 77)

    def test_the_task_that_runs_and_its_class(self) -> None:
        task = self.machine.task(99, "w0.0.1", "ext_sched_class")
        self.machine.cpu(2, {"curr": task})
        self.assertEqual(self.values("pid"), {0: 0, 1: 0, 2: 99, 3: 0})
        names = {cpu: CLASS_NAMES[each] for cpu, each in self.values("class").items()}
        self.assertEqual(names, {0: "idle", 1: "idle", 2: "ext", 3: "idle"})
        self.assertEqual(_samples(self.sampler, self.machine).comms, {99: "w0.0.1"})

    def test_the_deadline_server_through_which_a_task_runs(self) -> None:
        known = [name for name, symbol in SERVERS if _KERNEL.has_symbol(symbol)]
        self.assertIn("fair", known)
        for cpu, (_, symbol) in enumerate(SERVERS[: len(known)]):
            task = self.machine.task(99, "w0.0.1")
            server = self.machine.make(_KERNEL.size_of("sched_dl_entity"))
            pick = _KERNEL.symbol(symbol)
            self.machine.put(server, "sched_dl_entity", "server_pick_task", pick)
            self.machine.put(task, "task_struct", "dl_server", server)
            self.machine.cpu(cpu, {"curr": task})
        found = self.values("server")
        self.assertEqual(list(found.values())[: len(known)], list(range(1, len(known) + 1)))
        self.assertEqual(found[_CPUS - 1], 0)

    @parameterized.parameters((0, 0, 0), (7_000, 1_000, -3_000), (-4_000, 1_000, 2_500))
    def test_eevdfs_average_and_lag(self, key: int, average: int, lag: int) -> None:
        # the one that runs is as heavy as the other, which is 5000 before or behind
        entity = self.machine.make(_KERNEL.size_of("sched_entity"))
        zero = 1_000_000
        self.machine.put(entity, "sched_entity", "vruntime", zero + average - lag)
        # in 7.3 it counts by its share, and what it weighs in its group says nothing
        shares = _KERNEL.has_field("sched_entity", "h_load.weight")
        self.machine.put(entity, "sched_entity", "load.weight", (5 if shares else 1024) << 10)
        if shares:
            self.machine.put(entity, "sched_entity", "h_load.weight", 1024 << 10)
        self.machine.put(entity, "sched_entity", "on_rq", 1)
        other = 2 * average - (average - lag)
        # what 7.2 sums up is not scaled down
        unscaled = _KERNEL.has_field("rq", "cfs.sum_weight")
        total, weights = (
            ("sum_w_vruntime", "sum_weight") if unscaled else ("avg_vruntime", "avg_load")
        )
        weight = 1024 << 10 if unscaled else 1024
        self.machine.cpu(1, {f"cfs.{total}": other * weight, f"cfs.{weights}": weight})
        self.machine.cpu(1, {"cfs.zero_vruntime": zero, "cfs.curr": entity})
        self.assertEqual(self.values("avg_vruntime")[1], zero + average)
        self.assertEqual(self.values("lag")[1], lag)

    def test_averages_and_other_numbers_of_the_fair_class(self) -> None:
        values = {"cfs.avg.load_avg": 900, "cfs.avg.util_avg": 400, "cfs.h_nr_runnable": 7}
        self.machine.cpu(2, values | {"nr_switches": 1 << 33, "scx.nr_running": 5, "scx.flags": 3})
        wanted = {"load_avg": 900, "util_avg": 400, "h_nr_runnable": 7, "nr_switches": 1 << 33}
        for quantity, value in (wanted | {"scx_nr_running": 5, "scx_flags": 3}).items():
            self.assertEqual(self.values(quantity)[2], value, quantity)

    def test_domains_that_balanced_by_cpu_and_level(self) -> None:
        domains = [self.machine.make(_KERNEL.size_of("sched_domain")) for _ in range(2)]
        self.machine.cpu(1, {"sd": domains[0]})
        self.machine.put(domains[0], "sched_domain", "parent", domains[1])
        for level, domain in enumerate(domains):
            # by how idle the CPU was: not, idle, and about to be
            for idle in range(3):
                count = 10 * (level + 1) + idle
                self.machine.put(domain, "sched_domain", f"lb_count[{idle}]", count)
        self.machine.put(domains[1], "sched_domain", "lb_gained[2]", 4)
        self.assertEqual(self.values("lb_count"), {256: 33, 257: 63})
        # where none was balanced there is nothing to tell
        self.assertEqual(self.values("lb_gained"), {257: 4})

    def test_the_state_of_sched_ext(self) -> None:
        symbols = ("scx_enable_state_var", "scx_ops_enable_state_var")
        (state,) = filter(_KERNEL.has_symbol, symbols)
        self.machine.word(_KERNEL.symbol(state), SCX_STATES.index("disabling"))
        self.assertEqual(self.values("scx_state"), {None: SCX_STATES.index("disabling")})

    def test_dsqs_of_a_scheduler_and_the_global_ones(self) -> None:
        self.machine.dsqs({0: 4, 7: 5, 0x1234_5678_9ABC: 6})
        self.machine.global_dsq(3)
        self.assertEqual(self.values("user_dsq"), {0: 4, 7: 5, 0x1234_5678_9ABC: 6})
        self.assertEqual(self.values("global_dsq"), {0: 3})
        self.assertEqual(_samples(self.sampler, self.machine).unseen, 0)

    def test_dsqs_that_are_not_found_are_counted(self) -> None:
        self.machine.dsqs({0: 4})
        self.machine.put(self.machine.dsq_hash(), "rhashtable", "nelems", 3)
        self.assertEqual(_samples(self.sampler, self.machine).unseen, 2)

    def test_the_time_is_that_of_the_runqueues_clock(self) -> None:
        # 250 us after the update, by the clock of CPU 1's runqueue, which is the TSC's
        self.machine.cpu(1, {"clock": _TSC - 750_000})
        found = _samples(self.sampler, self.machine, cpu=1)
        self.assertEqual(found.at_ns, (3_000_000_000 - 750_000,))

    def test_another_clock_source_gives_the_time_of_its_last_update(self) -> None:
        self.machine.put(self.machine.keeper(), "tk_read_base", "clock", 0xFFFF_FFFF_8000_1000)
        self.machine.cpu(1, {"clock": _TSC})
        found = _samples(self.sampler, self.machine, cpu=1)
        self.assertEqual(found.at_ns, (3_000_000_000 - 1_000_000,))

    def test_what_the_kernel_lacks_is_named(self) -> None:
        lacks = {each.quantity: each.what for each in self.sampler.lacks}
        counts = _KERNEL.has_field("scx_event_stats", "SCX_EV_SELECT_CPU_FALLBACK")
        self.assertEqual(
            lacks.get("SCX_EV_SELECT_CPU_FALLBACK"),
            None if counts else "scx_event_stats.SCX_EV_SELECT_CPU_FALLBACK",
        )
        self.assertNotIn("user_dsq", lacks)

    def test_every_column_is_of_a_known_quantity(self) -> None:
        found = {each.quantity for each in _samples(self.sampler, self.machine).columns}
        self.assertLessEqual(found, set(BY_NAME))
        self.assertGreater(len(found), 15)

    def test_events_that_only_the_kernel_knows_are_columns(self) -> None:
        before = {each.quantity for each in _samples(self.sampler, self.machine).columns}
        fewer = tuple(each for each in QUANTITIES if not each.name.startswith(EVENT_PREFIX))
        names = {each.name: each for each in fewer}
        with (
            mock.patch.object(looking, "QUANTITIES", fewer),
            mock.patch.object(looking, "BY_NAME", names),
        ):
            later = sampler(_KERNEL, _CPUS, nodes=1)
        found = {each.quantity for each in _samples(later, self.machine).columns}
        self.assertEqual(found, before)

    @parameterized.parameters(*range(20))
    def test_whatever_a_guest_has_in_its_memory_ends(self, seed: int) -> None:
        draw = Random(seed)
        size = self.sampler.row.size
        rows = [Taken(draw.randrange(_CPUS), draw.randbytes(size)) for _ in range(20)]
        found = self.sampler.samples(rows)
        self.assertEqual(list(found.at_ns), sorted(set(found.at_ns)))
        seen = MonitorSeries(How.PLUGIN, at_ns=found.at_ns, columns=found.columns)
        self.assertTrue(all(len(each.values) == len(found.at_ns) for each in seen.columns))
        self.assertLess(len(seen.columns), 3_000)

    def test_no_samples_no_columns(self) -> None:
        found = self.sampler.samples([])
        self.assertEqual((found.at_ns, found.columns), ((), ()))


@st.composite
def _parts(draw: st.DrawFn) -> Part:
    tokens = st.sampled_from(["Q", "q", "I", "h", "B", "3x", "520x", "63Q", "64Q"])
    layout = "".join(draw(st.lists(tokens, min_size=1, max_size=4)))
    size = struct.calcsize(f"<{layout}")
    numbers = st.builds(
        Number, st.sampled_from("abc"), at=st.sampled_from([None, 0, 1]), summed=st.booleans()
    )
    count = len(struct.unpack(f"<{layout}", bytes(size)))
    base = draw(st.sampled_from([ABSOLUTE, EACH_CPU]))
    named = draw(st.lists(numbers, min_size=min(count, 4), max_size=min(count, 4)))
    mine = tuple(named[i % 4] for i in range(count))
    return Part(Read(base, (1 << 63,), size), layout, mine)


class RowTest(absltest.TestCase):
    def test_columns_of_parts_small_and_large_that_change_and_that_do_not(self) -> None:
        table = tuple(Number("table", at=at) for at in range(100))
        parts = (
            Part(Read(EACH_CPU, (1 << 63,), 8), "Q", (Number("of_cpu"),)),
            Part(Read(ABSOLUTE, (1 << 63,), 800), "100Q", table),
            Part(Read(EACH_CPU, (1 << 63,), 8), "Q", (Number("sum", summed=True),)),
        )
        row = row_of(parts, cpus=2)
        self.assertEqual(row.size, 16 + 800 + 16)
        first = (5, 6, *range(100), 0, 0)
        others = (first, (5, 7, *range(100), 0, 3), (5, 6, *range(99), 500, 2, 3))
        for values in ((first,), (first, first), others):
            columns = row.columns([struct.pack("<104Q", *each) for each in values])
            self.assertEqual(columns["of_cpu", 1], tuple(each[1] for each in values))
            for at in range(100):
                self.assertEqual(columns["table", at], tuple(each[2 + at] for each in values))
            self.assertEqual(columns["sum", None], tuple(each[-2] + each[-1] for each in values))
        self.assertEqual(row.columns([]), {})

    @settings(deadline=None)
    @given(st.lists(_parts(), max_size=6), st.integers(1, 4), st.data())
    def test_pieces_say_what_one_struct_says(
        self, parts: list[Part], cpus: int, data: st.DataObject
    ) -> None:
        layout, keys = "<", list[Key]()
        for part in parts:
            for cpu in range(cpus) if part.of_each_cpu else (None,):
                layout += part.layout
                keys += [number.key(cpu) for number in part.numbers]
        row, whole_row = row_of(parts, cpus), struct.Struct(layout)
        self.assertEqual(row.size, whole_row.size)
        draw = data.draw(st.randoms(use_true_random=False))
        rows = [draw.randbytes(row.size)] * data.draw(st.integers(1, 3))
        rows += [draw.randbytes(row.size) for _ in range(data.draw(st.integers(0, 2)))]
        expected: dict[Key, list[int]] = {}
        for number, each in enumerate(rows):
            for key, value in zip(keys, whole_row.unpack(each), strict=True):
                expected.setdefault(key, [0] * len(rows))[number] += value
        self.assertEqual(
            list(row.columns(rows).items()), [(k, tuple(v)) for k, v in expected.items()]
        )


class LivingTest(absltest.TestCase):
    """The same out of memory that goes on changing."""

    def setUp(self) -> None:
        super().setUp()
        self.machine = states.Machine(_KERNEL, _CPUS)
        self.machine.time(_TSC, 3_000_000_000, updated_tsc=_TSC)
        self.sampler = sampler(_KERNEL, _CPUS, nodes=1)
        self.living = Living(_KERNEL, self.sampler, "tcg")

    def clocks(self, clock: int) -> None:
        for cpu in range(_CPUS):
            self.machine.cpu(cpu, {"clock": clock, "nr_running": 1})

    def test_samples_of_a_machine_that_stands_are_one(self) -> None:
        self.clocks(_TSC)
        self.living.sample(self.machine.memory)
        self.living.sample(self.machine.memory)
        self.clocks(_TSC + 5_000_000)
        self.living.sample(self.machine.memory)
        seen = self.living.series(4_000_000)
        self.assertIs(seen.how, How.MEMORY)
        self.assertEqual(seen.at_ns, (3_000_000_000, 3_005_000_000))
        self.assertEqual(seen.by("nr_running")[3], (1, 1))
        self.assertEqual(seen.lack("idle_beside_wait"), "plugin of QEMU")

    def test_a_guest_that_runs_for_long_has_fewer_samples(self) -> None:
        room = 4 * self.sampler.row.size
        with mock.patch.object(living, "_MOST_BYTES", room):
            self.living = Living(_KERNEL, self.sampler, "tcg")
        for number in range(1, 21):
            self.clocks(_TSC + 1_000_000 * number)
            self.living.sample(self.machine.memory)
            self.assertLess(len(self.living.series(1).at_ns), 4)
        seen = self.living.series(50_000_000)
        self.assertEqual(seen.period_ns, 8 * 50_000_000)
        self.assertEqual(seen.at_ns, (3_008_000_000, 3_016_000_000))

    def test_what_changes_while_it_is_read_is_thrown_away(self) -> None:
        self.clocks(_TSC)
        read, memory = self.machine.memory.read, self.machine.memory
        at = self.machine.queues[2] + _KERNEL.field("rq", "nr_running").offset
        clock = self.machine.queues[2] + _KERNEL.field("rq", "clock").offset

        def racing(address: int, size: int) -> bytes:
            if address == at:
                self.machine.cpu(2, {"clock": int.from_bytes(read(clock, 8), "little") + 1})
            return read(address, size)

        memory.read = racing  # type: ignore[method-assign]
        self.living.sample(self.machine.memory)
        seen = self.living.series(4_000_000)
        self.assertEqual((seen.torn, seen.at_ns), (1, ()))

    def test_a_guest_without_pages_gives_no_sample(self) -> None:
        living = Living(_KERNEL, self.sampler, "tcg")
        living.sample(states.Memory())
        self.assertEqual(living.series(1).at_ns, ())


class ReadingTest(absltest.TestCase):
    def test_pointers_that_end_are_zeros(self) -> None:
        machine = states.Machine(_KERNEL, 1)
        at = machine.make(64)
        machine.word(at, at + 8)
        machine.word(at + 8, 0xABCD)
        self.assertEqual(run(machine.memory, Read(ABSOLUTE, (at, 0), 8)), b"\xcd\xab" + bytes(6))
        for pointer in (0, at + 9, 0xDEAD_0000_0000):
            machine.word(at, pointer)
            self.assertEqual(run(machine.memory, Read(ABSOLUTE, (at, 0), 8)), bytes(8))

    def test_several_pointers_are_one_run(self) -> None:
        machine = states.Machine(_KERNEL, 1)
        table, one = machine.make(64), machine.make(64)
        machine.word(table + 8, one)
        machine.word(one, 5)
        base = machine.make(8)
        machine.word(base, table)
        got = run(machine.memory, Read(ABSOLUTE, (base, 0, 0), 4, times=3))
        self.assertEqual(got, bytes(4) + b"\5\0\0\0" + bytes(4))


if __name__ == "__main__":
    absltest.main()
