# SPDX-License-Identifier: Apache-2.0
"""Device trees of arm64: what is read is what is written, and CPUs that differ stand in them."""

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.errors import InfraError
from ktstr.model.machine.topology import Topology
from ktstr.vm.arm64.capacities import described
from ktstr.vm.arm64.device_tree import Node, cells, flatten, parse, text

_NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=9)
_PROPERTIES = st.dictionaries(_NAMES, st.binary(max_size=9), max_size=3)
_NODES = st.recursive(
    st.builds(Node, _NAMES, _PROPERTIES, st.just([])),
    lambda below: st.builds(Node, _NAMES, _PROPERTIES, st.lists(below, max_size=3)),
    max_leaves=9,
)


def _plain(cpus: int) -> bytes:
    """As QEMU writes it: the node of CPU 0 is the last, and a map says that all are alike."""
    nodes = [
        Node(f"cpu@{i:x}", {"reg": cells(i), "phandle": cells(0x8000 + i)})
        for i in reversed(range(cpus))
    ]
    root = Node("", {"compatible": text("linux,dummy-virt")})
    root.children = [
        Node("cpus", {"#address-cells": cells(1)}, [Node("cpu-map"), *nodes]),
        Node("intc@8000000", {"phandle": cells(0x9001)}),
    ]
    return flatten(root)


def _cpus(topology: str) -> Node:
    parsed = Topology.parse(topology)
    return parse(described(_plain(parsed.cpus), parsed)).child("cpus")


class FlattenedTest(parameterized.TestCase):
    @given(_NODES)
    def test_a_round_trip(self, root: Node) -> None:
        self.assertEqual(parse(flatten(root)), root)

    @parameterized.parameters(b"", b"\xd0\x0d\xfe\xed", bytes(99), _plain(1)[:100])
    def test_what_is_no_tree_is_told(self, blob: bytes) -> None:
        with self.assertRaisesRegex(InfraError, f"{len(blob)} bytes are no flattened device tree"):
            parse(blob)

    def test_a_node_that_is_not_there_is_told(self) -> None:
        with self.assertRaisesRegex(InfraError, "node / has no memory; it has cpus, intc@8000000"):
            parse(_plain(1)).child("memory")


class DescribedTest(parameterized.TestCase):
    def test_each_cluster_has_its_capacity_and_cache(self) -> None:
        cpus = _cpus("1n2l2c1t-bl")
        found = [
            tuple(
                int.from_bytes(cpus.child(f"cpu@{cpu}").properties[name])
                for name in ("capacity-dmips-mhz", "next-level-cache")
            )
            for cpu in range(4)
        ]
        caches = [int.from_bytes(cpus.child(f"l2-cache{i}").properties["phandle"]) for i in (0, 1)]
        big, little = (1024, caches[0]), (446, caches[1])
        self.assertEqual(found, [big, big, little, little])
        phandles = [
            each.properties["phandle"] for each in cpus.walk() if "phandle" in each.properties
        ]
        self.assertLen(set(phandles), 6)
        self.assertNotIn(cells(0x9001), phandles)

    def test_clusters_have_their_cores(self) -> None:
        socket = _cpus("1n2l2c1t-lb").child("cpu-map").child("socket0")
        found = [
            [int.from_bytes(core.properties["cpu"]) - 0x8000 for core in cluster.children]
            for cluster in socket.children
        ]
        self.assertEqual(found, [[0, 1], [2, 3]])

    def test_cores_have_their_threads(self) -> None:
        cluster = _cpus("1n1l2c2t").child("cpu-map").child("socket0").child("cluster0")
        found = [
            [int.from_bytes(thread.properties["cpu"]) - 0x8000 for thread in core.children]
            for core in cluster.children
        ]
        self.assertEqual(found, [[0, 1], [2, 3]])

    def test_cpus_that_are_alike_have_no_capacity(self) -> None:
        self.assertNotIn("capacity-dmips-mhz", _cpus("1n1l1c1t").child("cpu@0").properties)

    def test_another_number_of_cpus_is_told(self) -> None:
        with self.assertRaisesRegex(InfraError, "the device tree has 2 CPUs, and 1n1l4c1t 4"):
            described(_plain(2), Topology.parse("1n1l4c1t"))


if __name__ == "__main__":
    absltest.main()
