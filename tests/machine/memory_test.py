# SPDX-License-Identifier: Apache-2.0
"""Memory of a guest."""

from absl.testing import absltest, parameterized

from ktstr.machine.memory import needed_mib, shares_memory
from ktstr.model.machine.numa import NumaLayout, NumaNode
from ktstr.model.machine.topology import Topology
from tests.support import targets


class MemoryTest(parameterized.TestCase):
    @parameterized.parameters(
        ("1n1l1c1t", 0, 13 << 20, 0, 256),
        ("1n1l8c1t", 0, 13 << 20, 0, 512),
        ("1n1l1c1t", 700, 13 << 20, 0, 700),
        ("1n1l1c1t", 0, 100 << 20, 0, 360),
        ("1n1l1c1t", 0, 100 << 20, 64, 424),
        ("1n1l1c1t", 300, 13 << 20, 64, 320),
    )
    def test_memory(
        self, topology: str, asked: int, initramfs: int, disks: int, expected: int
    ) -> None:
        target = targets.target(memory_mb=asked)
        self.assertEqual(needed_mib(target, Topology.parse(topology), initramfs, disks), expected)

    def test_nodes_that_say_what_they_have_leave_nothing_to_share(self) -> None:
        self.assertTrue(shares_memory(Topology.parse("2n2l1c1t")))
        for sizes, expected in (((256, 256), False), ((256, 0), True)):
            nodes = tuple(NumaNode(llcs=1, memory_mb=size) for size in sizes)
            topology = Topology.parse("2n2l1c1t", NumaLayout(nodes))
            self.assertEqual(shares_memory(topology), expected)
        beside = (NumaNode(llcs=1), NumaNode(memory_mb=128))
        self.assertTrue(shares_memory(Topology.parse("2n1l1c1t", NumaLayout(beside))))


if __name__ == "__main__":
    absltest.main()
