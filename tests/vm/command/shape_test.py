# SPDX-License-Identifier: Apache-2.0
"""Topologies as QEMU arguments, and the limits of what can be asked for."""

import itertools

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.errors import UsageError
from ktstr.model.machine.numa import NumaLayout, NumaNode, SideCache
from ktstr.model.machine.topology import Topology
from ktstr.vm.command import shape

_TOPOLOGIES = st.builds(
    lambda nodes, llcs, cores, threads: Topology(nodes, nodes * llcs, cores, threads),
    st.integers(1, 8),
    st.integers(1, 8),
    st.integers(1, 8),
    st.integers(1, 2),
)


def _options(arguments: tuple[str, ...], name: str) -> list[dict[str, str]]:
    """The values of every `name`, as fields; a field without "=" maps to itself."""
    return [
        {field.partition("=")[0]: field.partition("=")[2] for field in value.split(",")}
        for option, value in zip(arguments[::2], arguments[1::2], strict=True)
        if option == name
    ]


class ArgumentsTest(absltest.TestCase):
    def test_one_node_needs_no_numa(self) -> None:
        arguments = shape.qemu_arguments(Topology.parse("1n2l4c2t"), 512, ["/mem0"])
        self.assertEqual(
            arguments,
            (
                *("-machine", "q35,hpet=off,memory-backend=m0"),
                *("-smp", "16,sockets=1,dies=2,cores=4,threads=2"),
                *("-m", "512M"),
                "-object",
                "memory-backend-file,mem-path=/mem0,id=m0,size=512M,share=on",
            ),
        )

    def test_a_path_may_hold_commas(self) -> None:
        arguments = shape.qemu_arguments(Topology.parse("1n1l1c1t"), 512, ["/a,b c=/m"])
        self.assertIn("mem-path=/a,,b c=/m,id=m0,", arguments[-1])

    def test_clone_reads_the_file_and_writes_elsewhere(self) -> None:
        arguments = shape.qemu_arguments(
            Topology.parse("1n2l4c2t"), 512, ["/mem0"], copy_on_write=True
        )
        (memory,) = _options(arguments, "-object")
        self.assertEqual(
            (memory["share"], memory["readonly"], memory["rom"], memory["id"]),
            ("off", "on", "off", shape.memory_id(0)),
        )

    def test_nodes_share_cpus_and_memory(self) -> None:
        arguments = shape.qemu_arguments(Topology.parse("2n4l2c1t"), 513, ["/mem0", "/mem1"])
        self.assertIn("8,sockets=2,dies=2,cores=2,threads=1", arguments)
        self.assertEqual(
            [each for each in arguments if each.startswith(("node,", "dist,"))],
            [
                "node,nodeid=0,memdev=m0,cpus=0-3",
                "node,nodeid=1,memdev=m1,cpus=4-7",
                "dist,src=0,dst=1,val=20",
                "dist,src=1,dst=0,val=20",
            ],
        )
        sizes = [each["size"] for each in _options(arguments, "-object")]
        self.assertEqual(sizes, ["257M", "256M"])

    @given(_TOPOLOGIES, st.integers(256, 8192))
    def test_nothing_is_lost(self, topology: Topology, memory: int) -> None:
        arguments = shape.qemu_arguments(topology, memory, None)
        (smp,) = _options(arguments, "-smp")
        product = 1
        for axis in ("sockets", "dies", "cores", "threads"):
            product *= int(smp[axis])
        self.assertEqual(product, topology.cpus)
        sizes = [int(each["size"].rstrip("M")) for each in _options(arguments, "-object")]
        self.assertEqual(sum(sizes), memory)
        cpus: list[int] = []
        for node in _options(arguments, "-numa"):
            if "cpus" in node:
                first, last = node["cpus"].split("-")
                cpus += range(int(first), int(last) + 1)
        if topology.nodes > 1:
            self.assertEqual(cpus, list(range(topology.cpus)))

    def test_wrong_number_of_memory_files(self) -> None:
        with self.assertRaisesRegex(ValueError, "1 memory paths for 2 nodes"):
            shape.qemu_arguments(Topology.parse("2n2l1c1t"), 512, ["/mem0"])


class LayoutTest(parameterized.TestCase):
    """Nodes that differ: a large one, a small one, and memory alone."""

    MACHINE = Topology.parse(
        "3n3l2c1t",
        NumaLayout(
            (NumaNode(2, 512), NumaNode(1), NumaNode(0, 128, 400, 10000, SideCache(1024))),
            ((10, 15, 25), (15, 10, 21), (25, 21, 10)),
        ),
    )

    def test_every_llc_is_a_socket(self) -> None:
        arguments = shape.qemu_arguments(self.MACHINE, 800, None)
        self.assertIn("6,sockets=3,dies=1,cores=2,threads=1", arguments)
        self.assertIn("q35,hpet=off,hmat=on", arguments)

    def test_memory_beside_cpus_comes_on_top(self) -> None:
        self.assertEqual(shape.node_memory(self.MACHINE, 800), (512, 288, 128))
        self.assertIn("928M", shape.qemu_arguments(self.MACHINE, 800, None))

    def test_nodes_distances_and_speeds(self) -> None:
        numa = [
            value
            for option, value in itertools.pairwise(shape.qemu_arguments(self.MACHINE, 800, None))
            if option == "-numa"
        ]
        self.assertEqual(
            numa[:3],
            [
                "node,nodeid=0,memdev=m0,cpus=0-3,initiator=0",
                "node,nodeid=1,memdev=m1,cpus=4-5,initiator=1",
                "node,nodeid=2,memdev=m2,initiator=1",
            ],
        )
        self.assertIn("dist,src=0,dst=2,val=25", numa)
        where = "hmat-lb,initiator={},target=2,hierarchy=memory,data-type=access-"
        # from the nearest CPUs as given, from others by the distance: 400 * 25 / 21
        self.assertIn(where.format(1) + "latency,latency=400", numa)
        self.assertIn(where.format(0) + "latency,latency=476", numa)
        self.assertIn(where.format(0) + "bandwidth,bandwidth=8400M", numa)
        self.assertEqual(
            numa[-1],
            "hmat-cache,node-id=2,size=1024K,level=1,associativity=direct,policy=write-back,line=64",
        )

    @parameterized.parameters(
        (1024, "nodes with CPUs have 300 MiB together, and this guest needs 1024"),
        (280, "node 1 has 40 MiB; the kernel wants at least 64"),
    )
    def test_too_little_memory(self, memory: int, message: str) -> None:
        machine = Topology.parse("2n2l1c1t", NumaLayout((NumaNode(1, 260), NumaNode(1, 40))))
        with self.assertRaisesRegex(UsageError, message):
            shape.check_limits(machine, memory, kernel_cpus=256, available_mib=4096)


class LimitsTest(parameterized.TestCase):
    @parameterized.parameters("1n1l1c1t", "1n7l16c2t", "4n8l4c2t", "1n15l8c2t", "1n1l128c1t")
    def test_fits(self, text: str) -> None:
        shape.check_limits(Topology.parse(text), 8192, kernel_cpus=256, available_mib=9000)

    @parameterized.parameters(
        ("1n14l9c2t", 512, "needs APIC ID 433, found room for 254"),
        ("1n2l128c1t", 512, "needs APIC ID 255"),
        ("1n8l8c2t", 64, "has 128 CPUs, the kernel was built for 64"),
    )
    def test_too_many_cpus(self, text: str, kernel_cpus: int, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            shape.check_limits(
                Topology.parse(text), 8192, kernel_cpus=kernel_cpus, available_mib=9000
            )

    @parameterized.parameters(
        ("1n1l1c1t", 255, "too little .* at least 256 MiB", False),
        ("8n8l1c1t", 500, "at least 512 MiB", False),
        ("1n1l1c1t", 4097, "4097 MiB asked for, 4096 MiB are available", True),
    )
    def test_memory(self, text: str, memory: int, message: str, passes: bool) -> None:
        with self.assertRaisesRegex(UsageError, message) as raised:
            shape.check_limits(Topology.parse(text), memory, kernel_cpus=256, available_mib=4096)
        self.assertEqual(isinstance(raised.exception, shape.HostTooSmall), passes)

    def test_this_machine_has_memory(self) -> None:
        self.assertGreater(shape.available_memory_mib(), 0)


if __name__ == "__main__":
    absltest.main()
