# SPDX-License-Identifier: Apache-2.0
"""Memory of a guest."""

from absl.testing import absltest, parameterized

from ktstr.machine.memory import memory_mib
from ktstr.model.machine.topology import Topology
from tests.support import targets


class MemoryTest(parameterized.TestCase):
    @parameterized.parameters(
        ("1n1l1c1t", 0, 13 << 20, 256),
        ("1n1l8c1t", 0, 13 << 20, 512),
        ("1n1l1c1t", 700, 13 << 20, 700),
        ("1n1l1c1t", 0, 100 << 20, 360),
    )
    def test_memory(self, topology: str, asked: int, initramfs: int, expected: int) -> None:
        target = targets.target(memory_mb=asked)
        self.assertEqual(memory_mib(target, Topology.parse(topology), initramfs), expected)


if __name__ == "__main__":
    absltest.main()
