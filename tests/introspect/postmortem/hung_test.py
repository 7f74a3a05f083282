# SPDX-License-Identifier: Apache-2.0
"""What is said of a guest that hung, whose memory is kept as far as a post-mortem reads it."""

import random
import time
from pathlib import Path

from absl.testing import absltest, parameterized
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.introspect.debugger.bpf import Bpf
from ktstr.introspect.debugger.snapshots import take_all
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.layout import Extent
from ktstr.introspect.memory.memory import PhysicalMemory
from ktstr.introspect.memory.recorded import RecordedMemory
from ktstr.introspect.postmortem.collect import collect
from ktstr.introspect.postmortem.core_file import write_core_file
from ktstr.introspect.postmortem.state import PostMortem
from ktstr.introspect.snapshot import difference, text
from ktstr.introspect.snapshot.space import kernel_memory
from ktstr.record.inside import post_mortem_in
from ktstr.result import result_pb2
from ktstr.result.make.inside_part import post_mortem_message
from ktstr.result.write import to_bytes
from tests.introspect.postmortem.recorded_guest import (
    CAUSE,
    NOTE,
    golden,
    kernel,
    kernel_digest,
    opened,
    vmlinux,
    words,
)

_PAGE = 4096


class _Machine:
    """The memory that was kept, as a machine's."""

    def __init__(self, memory: RecordedMemory) -> None:
        self.read, self.write = memory.read, memory.write
        self.extents = tuple(Extent(start, 0, 0, size) for start, size in memory.extents)


class HungTest(parameterized.TestCase):
    kernel: Kernel

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.kernel = kernel()

    def setUp(self) -> None:
        super().setUp()
        self.memory = opened(Path(self.create_tempdir().full_path))
        self.addCleanup(self.memory.close)
        self.assertEqual(
            self.memory.head.notes[NOTE],
            kernel_digest(vmlinux()),
            "the kernel is another one than that of the guest that was kept: record.py says how "
            "to keep one of this kernel",
        )

    def test_a_cpu_that_has_interrupts_off_for_a_moment_takes_some(self) -> None:
        off = 1 << 9

        def said(now: int, before: int) -> set[bool | None]:
            """Whether its CPUs take none, where the flag is so now, and was so a moment ago."""
            looks = [
                [{**each, "eflags": each["eflags"] & ~off | flag} for each in known]
                for flag in (now, before)
            ]
            found = collect(self.kernel, self.memory, looks[0], CAUSE, before=looks[1])
            return {each.interrupts_off for each in found.stacks if each.cpu is not None}

        known = self.memory.head.registers
        self.assertEqual(said(0, 0), {True})
        self.assertEqual(said(0, off), {False})
        self.assertEqual(said(off, 0), {False})

    def collected(self, physical: PhysicalMemory | None = None, seconds: float = 60) -> PostMortem:
        registers = self.memory.head.registers
        return collect(self.kernel, physical or self.memory, registers, CAUSE, seconds=seconds)

    def test_who_waits_for_what_is_said_in_words(self) -> None:
        self.assertEqual(words(self.collected()), golden())

    def test_without_registers_all_but_running_stacks_is_there(self) -> None:
        found = collect(self.kernel, self.memory, (), CAUSE, seconds=60)
        running = [stack for stack in found.stacks if stack.cpu is not None]
        self.assertEqual({each.problem for each in running}, {"no registers of its CPU"})
        self.assertIn("ktstr-agent[47] waits in the rt class's queue of CPU 1", words(found))

    def test_when_the_time_is_over_it_ends_with_what_there_is(self) -> None:
        found = self.collected(seconds=0)
        self.assertIn("the 0.0 s for it are over", found.missing[0])
        self.assertEqual((found.cause, found.waits, found.stacks), (CAUSE, (), ()))

    @parameterized.parameters("init_top_pgt", "prb", "runqueues", "init_task")
    def test_a_part_that_cannot_be_read_is_named_and_the_others_are_there(self, lost: str) -> None:
        space = kernel_memory(self.kernel, self.memory)
        if lost == "runqueues":
            place = self.kernel.symbol("__per_cpu_offset")
        else:
            place = self.kernel.symbol(lost)
        size = _PAGE if lost == "init_top_pgt" else 8
        if lost == "init_task":
            place += self.kernel.field("task_struct", "tasks").offset
        space.write(place, b"\xff" * size)
        found = self.collected()
        self.assertNotEmpty(found.missing)
        if lost == "prb":
            self.assertRegex("\n".join(found.missing), "the kernel's log: cannot read")
            self.assertNotEmpty(found.waits)
        if lost in ("runqueues", "init_task"):
            self.assertNotEmpty(found.log)

    def test_a_list_that_leads_back_into_itself_ends(self) -> None:
        space = kernel_memory(self.kernel, self.memory)
        tasks = self.kernel.symbol("init_task") + self.kernel.field("task_struct", "tasks").offset
        first = int.from_bytes(space.read(tasks, 8), "little")
        space.write(first, first.to_bytes(8, "little"))
        found = self.collected()
        self.assertRegex("\n".join(found.missing), "tasks: the list leads back to 0xffff")
        self.assertNotEmpty(found.waits)

    @settings(deadline=None, derandomize=True, max_examples=60)
    @given(st.integers(0, 1 << 32), st.integers(1, 400), st.booleans())
    def test_whatever_the_memory_holds_it_ends(
        self, seed: int, count: int, plausible: bool
    ) -> None:
        chance = random.Random(seed)
        memory = opened(Path(self.create_tempdir().full_path))
        pages = [at for start, size in memory.extents for at in range(start, start + size, _PAGE)]
        pointers = [
            memory.read(chance.choice(pages) + 8 * chance.randrange(512), 8) for _ in range(9)
        ]
        for _ in range(count):
            # pointers of elsewhere make circles and wrong types; other bytes lead nowhere
            data = chance.choice(pointers) if plausible else chance.randbytes(8)
            memory.write(chance.choice(pages) + 8 * chance.randrange(512), data)
        began = time.monotonic()
        found = self.collected(memory, seconds=5)
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual(found.cause, CAUSE)
        text.as_text(found.snapshot)
        self.assert_kept(found)
        memory.close()

    def assert_kept(self, found: PostMortem) -> None:
        """A result holds all of it, whatever the numbers are."""
        result = result_pb2.Result(post_mortem=post_mortem_message(found))
        again = result_pb2.Result.FromString(to_bytes(result))
        self.assertEqual(post_mortem_in(again), found)

    def test_a_core_is_read_as_the_guest_is_and_none_is_left_half_written(self) -> None:
        path = Path(self.create_tempdir().full_path, "guest.core")
        registers = self.memory.head.registers
        machine = _Machine(self.memory)
        self.assertEqual(write_core_file(path, self.kernel, machine, registers), "")
        core = RecordedMemory(path)
        self.addCleanup(core.close)
        self.assertEqual(core.head.direct_map, 0xFFFF_8880_0000_0000)
        again = collect(self.kernel, core, core.head.registers, CAUSE, seconds=60)
        self.assertEqual(words(again), golden())
        why = write_core_file(path, self.kernel, machine, registers, seconds=-1)
        self.assertRegex(why, "no core was written: cannot read physical memory .* s are over")
        self.assertFalse(path.exists())
        why = write_core_file(path / "nowhere", self.kernel, machine, registers)
        self.assertStartsWith(why, "no core was written: [Errno ")

    def test_two_snapshots_differ_in_what_changed(self) -> None:
        space = kernel_memory(self.kernel, self.memory)
        before = take_all(self.kernel, space, "before")
        task = before.task(53)
        assert task is not None
        state = self.kernel.field("task_struct", "__state").offset
        space.write(task.address + self.kernel.field("task_struct", "comm").offset, b"other\0")
        space.write(task.address + state, (2).to_bytes(4, "little"))
        (place,) = Bpf(self.kernel, space).map("fifo.bss").addresses(0)
        space.write(place, (10).to_bytes(8, "little"))
        after = take_all(self.kernel, space, "after")
        self.assertEqual(
            difference.as_text(before, after),
            "From 'before' at 166.170765567 s to 'after' at 166.170765567 s, 0 ns later\n"
            "  task other[53]: comm patient0 -> other\n"
            "  task other[53]: state runnable -> uninterruptible, still queued\n"
            '  map fifo.bss[0]: value {"nr_local": 9, "nr_shared": 63} -> '
            '{"nr_local": 10, "nr_shared": 63}\n',
        )
        self.assertEqual(
            difference.as_text(after, after).splitlines()[1], "  nothing has changed but times"
        )


if __name__ == "__main__":
    absltest.main()
