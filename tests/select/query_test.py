# SPDX-License-Identifier: Apache-2.0
"""Reading what `bazel query --output=streamed_jsonproto` prints."""

import json
from typing import Any

from absl.testing import absltest

from ktstr.model.errors import InfraError, UsageError
from tools.select.query import parse

# What Bazel 7.7 prints of a rule, less what nobody reads; attributes without a value are there.
_UNSET: dict[str, Any] = {
    "accel": "auto",
    "disks": [],
    "kernel": "//sched/kernels:linux_6_12",
    "numa": "",
    "payloads": [],
    "scheduler": None,
    "srcs": ["//sched/scenarios:essentials.py"],
    "staged_schedulers": [],
    "tags": [],
    "topology": "1n1l2c1t",
}


def _rule(**changed: Any) -> str:
    attributes = []
    for name, value in (_UNSET | changed).items():
        attribute = {"name": name, "explicitlySpecified": name in changed, "nodep": False}
        if value:
            attribute["stringListValue" if isinstance(value, list) else "stringValue"] = value
        attributes.append(attribute)
    rule = {"name": "//a:b/c", "ruleClass": "_ktstr_test", "attribute": attributes}
    return json.dumps({"type": "RULE", "rule": rule}) + "\n"


class QueryTest(absltest.TestCase):
    def test_a_target_that_sets_nothing(self) -> None:
        (found,) = parse(_rule())
        self.assertEqual((found.label, found.topology.cpus), ("//a:b/c", 2))
        self.assertEqual(found.sources, ("//sched/scenarios:essentials.py",))
        self.assertEqual((found.scheduler, found.accel), ("", "auto"))
        self.assertFalse(found.disks or found.payloads or found.staged or found.tags)

    def test_a_variant(self) -> None:
        node = {"bandwidth_mb_s": 0, "latency_ns": 0, "side_cache": None}
        nodes = [node | {"llcs": 3, "memory_mb": 0}, node | {"llcs": 0, "memory_mb": 256}]
        text = _rule(
            topology="2n3l1c1t",
            numa=json.dumps({"distances": [], "nodes": nodes}),
            scheduler="//sched/fifo:fifo",
            staged_schedulers=["//sched/fifo:fifo"],
            disks=["{}"],
            tags=["gauntlet", "profile:llc"],
        )
        (found,) = parse(text)
        self.assertEqual((found.topology.nodes, found.topology.cpus), (2, 3))
        self.assertEqual(found.scheduler, "//sched/fifo:fifo")
        self.assertEqual(found.tags, ("gauntlet", "profile:llc"))
        self.assertTrue(found.disks and found.staged)

    def test_a_topology_that_is_selected(self) -> None:
        with self.assertRaisesRegex(UsageError, "//a:b/c: .* take it away with -//a:b/c"):
            list(parse(_rule(topology=None)))

    def test_a_rule_that_has_changed(self) -> None:
        text = _rule().replace("staged_schedulers", "others")
        with self.assertRaisesRegex(InfraError, "has no attribute staged_schedulers; found: accel"):
            list(parse(text))


if __name__ == "__main__":
    absltest.main()
