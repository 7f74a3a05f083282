# SPDX-License-Identifier: Apache-2.0
"""Cores are read back as they were written, and damaged ones refused."""

import io
from pathlib import Path

from absl.testing import absltest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.introspect.memory import core
from ktstr.introspect.memory.core import CoreHead, Recorder, write_core
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.memory.recorded import NoCore, RecordedMemory

PAGE = 4096
DIRECT_MAP = 0xFFFF_8880_0000_0000


class Ram:
    def __init__(self, size: int) -> None:
        self.data = bytearray(b"".join(bytes([i % 251]) * PAGE for i in range(size // PAGE)))

    def read(self, physical: int, size: int) -> bytes:
        found = bytes(self.data[physical : physical + size])
        if len(found) != size:
            raise MemoryFault("read physical", physical, size, "it is not RAM")
        return found

    def write(self, physical: int, data: bytes) -> None:
        self.data[physical : physical + len(data)] = data


class CoreTest(absltest.TestCase):
    def path(self) -> Path:
        return Path(self.create_tempfile().full_path)

    def written(self, extents: list[tuple[int, int]], head: CoreHead) -> Path:
        path = self.path()
        with path.open("wb") as out:
            write_core(out, Ram(1 << 22), extents, head)
        return path

    def test_what_is_written_is_read_back(self) -> None:
        head = CoreHead(
            registers=({"rip": 0xFFFF_FFFF_8100_0000, "rsp": 7, "gs": 3}, {}),
            vmcoreinfo=b"OSRELEASE=6.12\n",
            direct_map=DIRECT_MAP,
            notes={"KTSTR": b"odd"},
        )
        memory = RecordedMemory(self.written([(0, PAGE), (PAGE * 5, PAGE * 300)], head))
        self.addCleanup(memory.close)
        self.assertEqual(memory.extents, ((0, PAGE), (PAGE * 5, PAGE * 300)))
        self.assertEqual(memory.read(PAGE * 6 - 1, 2), b"\x05\x06")
        self.assertEqual(memory.head.vmcoreinfo, head.vmcoreinfo)
        self.assertEqual(memory.head.direct_map, DIRECT_MAP)
        self.assertEqual(memory.head.notes, head.notes)
        first, second = memory.head.registers
        self.assertEqual((first["rip"], first["gs"]), (0xFFFF_FFFF_8100_0000, 3))
        self.assertEqual(set(second.values()), {0})

    def test_what_was_not_kept_is_a_fault_and_writes_stay_here(self) -> None:
        path = self.written([(0, PAGE)], CoreHead())
        memory = RecordedMemory(path)
        memory.write(8, b"changed")
        self.assertEqual(memory.read(8, 7), b"changed")
        self.assertEqual(RecordedMemory(path).read(8, 7), bytes(7))
        with self.assertRaisesRegex(MemoryFault, "8 bytes at 0xffc: 0x1000 was not kept"):
            memory.read(PAGE - 4, 8)

    def test_zeros_take_no_room(self) -> None:
        path, ram = self.path(), Ram(0)
        ram.data = bytearray(1 << 22)
        ram.data[PAGE] = 1
        with path.open("wb") as out:
            written = write_core(out, ram, [(0, 1 << 22)], CoreHead())
        self.assertLess(written, 2 * PAGE)
        self.assertLess(path.stat().st_blocks * 512, 1 << 18)
        self.assertGreater(path.stat().st_size, 1 << 22)

    def test_a_recorder_keeps_what_was_read_through_it(self) -> None:
        path, recorder = self.path(), Recorder(Ram(1 << 22))
        self.assertEqual(recorder.read(PAGE - 1, 2), b"\0\x01")
        recorder.read(PAGE * 9 + 5, 1)
        with self.assertRaisesRegex(MemoryFault, "is being recorded"):
            recorder.write(0, b"x")
        recorder.save(path, CoreHead(vmcoreinfo=b"x"))
        memory = RecordedMemory(path)
        self.assertEqual(memory.extents, ((0, 2 * PAGE), (9 * PAGE, PAGE)))
        self.assertEqual(memory.read(PAGE * 9, 1), b"\x09")

    def test_no_core_is_refused(self) -> None:
        path = self.path()
        for data in (b"", b"\x7fELF", bytes(4096)):
            path.write_bytes(data)
            with self.assertRaisesRegex(NoCore, str(path)):
                RecordedMemory(path)
        with self.assertRaisesRegex(NoCore, "cannot open the core"):
            RecordedMemory(path / "none")

    def test_a_core_cut_short_is_refused(self) -> None:
        path = self.written([(0, PAGE * 3)], CoreHead())
        path.write_bytes(path.read_bytes()[:-1])
        with self.assertRaisesRegex(NoCore, "part 1 ends at"):
            RecordedMemory(path)

    def test_too_many_parts_are_refused_before_anything_is_written(self) -> None:
        out = io.BytesIO()
        with self.assertRaisesRegex(ValueError, "a core holds"):
            write_core(out, Ram(0), [(0, 1)] * (core.MOST_EXTENTS + 1), CoreHead())
        self.assertEqual(out.getvalue(), b"")

    @settings(deadline=None, derandomize=True)
    @given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), max_size=20))
    def test_damage_is_refused_or_read_within_the_file(
        self, changes: list[tuple[int, int]]
    ) -> None:
        whole = io.BytesIO()
        write_core(whole, Ram(3 * PAGE), [(0, PAGE), (2 * PAGE, PAGE)], CoreHead(({},), b"note"))
        data = bytearray(whole.getvalue())
        for at, byte in changes:
            data[at] = byte
        path = self.path()
        path.write_bytes(data)
        try:
            memory = RecordedMemory(path)
        except NoCore:
            return
        for start, size in memory.extents:
            self.assertLen(memory.read(start, size), size)


if __name__ == "__main__":
    absltest.main()
