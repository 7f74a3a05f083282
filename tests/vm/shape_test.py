# SPDX-License-Identifier: Apache-2.0
"""Topologies as QEMU arguments, and the limits of what can be asked for."""

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.errors import UsageError
from ktstr.model.topology import Topology
from ktstr.vm import shape

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
                *("-machine", "q35,memory-backend=m0"),
                *("-smp", "16,sockets=1,dies=2,cores=4,threads=2"),
                *("-m", "512M"),
                "-object",
                "memory-backend-file,mem-path=/mem0,id=m0,size=512M,share=on",
            ),
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


class DistancesTest(parameterized.TestCase):
    @parameterized.parameters(
        (((10, 20),), "asked for 2 nodes"),
        (((11, 20), (20, 10)), "node 0 to itself is 11"),
        (((10, 10), (10, 10)), "0-1 is 10; ACPI wants 11 to 254"),
        (((10, 255), (255, 10)), "0-1 is 255"),
        (((10, 20), (30, 10)), "differ: 20, 30"),
    )
    def test_refused(self, rows: tuple[tuple[int, ...], ...], message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            shape.Distances(rows).check(2)

    @given(st.integers(1, 8))
    def test_default_is_fine(self, nodes: int) -> None:
        shape.Distances.default(nodes).check(nodes)


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
        ("1n1l1c1t", 255, "too little .* at least 256 MiB"),
        ("8n8l1c1t", 500, "at least 512 MiB"),
        ("1n1l1c1t", 4097, "4097 MiB asked for, 4096 MiB are available"),
    )
    def test_memory(self, text: str, memory: int, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            shape.check_limits(Topology.parse(text), memory, kernel_cpus=256, available_mib=4096)

    def test_this_machine_has_memory(self) -> None:
        self.assertGreater(shape.available_memory_mib(), 0)


if __name__ == "__main__":
    absltest.main()
