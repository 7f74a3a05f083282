# SPDX-License-Identifier: Apache-2.0
"""The topology as boxes in boxes."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.page.topology import Drawn, drawn
from ktstr.result import result_pb2


def _numbers(found: Drawn | None) -> list[list[list[list[int]]]]:
    assert found is not None
    return [
        [[[cpu.number for cpu in core.cpus] for core in llc.cores] for llc in node.llcs]
        for node in found.nodes
    ]


class TopologyTest(absltest.TestCase):
    def test_as_the_guest_saw_itself(self) -> None:
        made = result_pb2.Result()
        made.guest.nodes.extend(["0-3", "4-7", ""])
        made.guest.llcs.extend(["0-3", "4-7"])
        made.guest.cores.extend(["0-1", "2-3", "4-5", "6-7"])
        made.guest.numa.add(memory_kb=2048)
        found = drawn(made, {0: 0.5})
        self.assertEqual(_numbers(found), [[[[0, 1], [2, 3]]], [[[4, 5], [6, 7]]], []])
        assert found is not None
        self.assertEqual(found.source, "as the guest saw itself")
        self.assertEqual([node.memory_mb for node in found.nodes], [2, None, None])
        self.assertEqual(found.nodes[0].llcs[0].cores[0].cpus[0].words, "CPU 0, busy 50 %")

    def test_as_asked_for_where_no_guest_came(self) -> None:
        made = result_pb2.Result()
        made.identity.topology.asked = "2n2l1c2t"
        found = drawn(made, {})
        self.assertEqual(_numbers(found), [[[[0, 1]]], [[[2, 3]]]])

    def test_capacities_stand_where_they_differ(self) -> None:
        made = result_pb2.Result()
        made.guest.nodes.append("0-3")
        made.guest.llcs.extend(["0-1", "2-3"])
        made.guest.cores.extend(["0", "1", "2", "3"])
        for capacities, words, cpu in (
            ([1024, 1024, 446, 446], ["LLC 0, capacity 1024", "LLC 1, capacity 446"], 446),
            ([1024, 1024, 446, 768], ["LLC 0, capacity 1024", "LLC 1, capacity 446 and 768"], 768),
            ([1024] * 4, ["LLC 0", "LLC 1"], None),
            ([1024, 446], ["LLC 0", "LLC 1"], None),
        ):
            made.guest.capacities[:] = capacities
            found = drawn(made, {3: 0.25})
            assert found is not None
            self.assertEqual([llc.words for llc in found.nodes[0].llcs], words)
            told = f", capacity {cpu}" if cpu else ""
            last = found.nodes[0].llcs[1].cores[1].cpus[0]
            self.assertEqual(last.words, f"CPU 3{told}, busy 25 %")

    def test_capacities_as_asked_for_where_no_guest_came(self) -> None:
        made = result_pb2.Result()
        made.identity.topology.asked = "1n2l1c1t-lb"
        found = drawn(made, {})
        assert found is not None
        self.assertEqual(
            [llc.words for llc in found.nodes[0].llcs],
            ["LLC 0, capacity 446", "LLC 1, capacity 1024"],
        )

    def test_what_cannot_be_read_is_not_drawn(self) -> None:
        made = result_pb2.Result()
        self.assertIsNone(drawn(made, {}))
        made.guest.nodes.append("<b>")
        made.guest.llcs.append("0")
        made.guest.cores.append("0")
        self.assertIsNone(drawn(made, {}))


if __name__ == "__main__":
    absltest.main()
