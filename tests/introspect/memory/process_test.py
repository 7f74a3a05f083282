# SPDX-License-Identifier: Apache-2.0
"""The memory of another process that maps files as QEMU maps a guest's RAM."""

import os
import subprocess
import sys

from absl.testing import absltest

from ktstr.introspect.memory.maps import FileId, Mapping, mappings, place_of
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.memory.process import LARGEST, ProcessMemory, RamFile
from ktstr.model.errors import InfraError

PAGE = 4096
SIZE = 16 * PAGE
# maps each file, privately or not, writes into its second page, and waits for its end of input
MAPPER = """
import mmap, sys
kept = []
for word in sys.argv[1:]:
    fd, flags = word.split(":")
    area = mmap.mmap(int(fd), 16 * 4096, flags=getattr(mmap, flags))
    area[4096:4101] = b"guest"
    kept.append(area)
print("mapped", flush=True)
sys.stdin.read()
"""


class ProcessMemoryTest(absltest.TestCase):
    def mapped(self, *flags: str) -> tuple[int, list[int]]:
        """A process that has mapped one file of memory for each of the flags."""
        fds = [os.memfd_create(f"node{i}") for i in range(len(flags))]
        for fd in fds:
            self.addCleanup(os.close, fd)
            os.truncate(fd, SIZE)
        words = [f"{fd}:{each}" for fd, each in zip(fds, flags, strict=True)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAPPER, *words],
            pass_fds=fds,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.addCleanup(self.process.communicate)
        assert self.process.stdout is not None
        self.assertEqual(self.process.stdout.readline(), b"mapped\n")
        return self.process.pid, fds

    def test_a_clone_is_read_as_its_guest_sees_it(self) -> None:
        pid, (fd,) = self.mapped("MAP_PRIVATE")
        os.pwrite(fd, b"template", 0)
        memory = ProcessMemory(pid, [RamFile.at(fd, SIZE)])
        self.assertEqual(memory.read(0, 8), b"template")
        self.assertEqual(memory.read(PAGE, 5), b"guest")
        self.assertEqual(os.pread(fd, 5, PAGE), bytes(5))

    def test_reads_and_writes_go_across_nodes(self) -> None:
        pid, fds = self.mapped("MAP_SHARED", "MAP_SHARED")
        memory = ProcessMemory(pid, [RamFile.at(fd, SIZE) for fd in fds])
        memory.write(SIZE - 2, b"abcd")
        self.assertEqual(memory.read(SIZE - 3, 6), b"\0abcd\0")
        self.assertEqual(os.pread(fds[1], 2, 0), b"cd")

    def test_what_is_not_ram_is_named(self) -> None:
        pid, (fd,) = self.mapped("MAP_SHARED")
        memory = ProcessMemory(pid, [RamFile.at(fd, SIZE)])
        with self.assertRaisesRegex(MemoryFault, "8 bytes at 0xfffc: 0x10000 is not RAM"):
            memory.read(SIZE - 4, 8)
        with self.assertRaisesRegex(MemoryFault, "write physical memory .* 0x10000 is not RAM"):
            memory.write(SIZE, b"x")
        with self.assertRaisesRegex(MemoryFault, "more than"):
            memory.read(0, LARGEST + 1)

    def test_a_qemu_that_is_gone_is_a_fault(self) -> None:
        pid, (fd,) = self.mapped("MAP_SHARED")
        memory = ProcessMemory(pid, [RamFile.at(fd, SIZE)])
        self.process.communicate()
        with self.assertRaisesRegex(MemoryFault, "QEMU is gone"):
            memory.read(0, 8)
        with self.assertRaisesRegex(InfraError, "cannot look at QEMU's memory"):
            ProcessMemory(pid, [RamFile.at(fd, SIZE)])

    def test_a_file_that_is_not_mapped_is_named(self) -> None:
        pid, (fd,) = self.mapped("MAP_SHARED")
        other = os.memfd_create("other")
        self.addCleanup(os.close, other)
        with self.assertRaisesRegex(InfraError, "has not mapped the memory of node 1"):
            ProcessMemory(pid, [RamFile.at(fd, SIZE), RamFile.at(other, SIZE)])
        with self.assertRaisesRegex(InfraError, "cannot find the guest's memory file"):
            RamFile.at("/nowhere", SIZE)


class MapsTest(absltest.TestCase):
    TEXT = (
        "7f0000000000-7f0000004000 rw-s 00000000 00:01 77    /memfd:ktstr-node0 (deleted)\n"
        "7f0000004000-7f0000008000 rw-s 00004000 00:01 77    /memfd:ktstr-node0 (deleted)\n"
        "7f0000009000-7f000000a000 rw-p 00000000 00:00 0 \n"
        "7f000000a000-7f000000e000 rw-p 00000000 fe:02 78    /a name with spaces\n"
        "no line of a map at all\n"
    )

    def test_pieces_that_follow_each_other_are_one_file(self) -> None:
        found = list(mappings(self.TEXT))
        self.assertEqual(
            found[2], Mapping(0x7F000000A000, 0x7F000000E000, 0, FileId(0xFE00002, 78))
        )
        self.assertEqual(place_of(found, FileId(1, 77), 0x8000), 0x7F0000000000)
        self.assertIsNone(place_of(found, FileId(1, 77), 0x9000))

    def test_another_device_is_taken_where_the_number_is_the_same(self) -> None:
        found = list(mappings(self.TEXT))
        self.assertEqual(place_of(found, FileId(0x2A, 78), 0x4000), 0x7F000000A000)
        self.assertIsNone(place_of(found, FileId(0x2A, 79), 0x4000))


if __name__ == "__main__":
    absltest.main()
