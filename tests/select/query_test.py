# SPDX-License-Identifier: Apache-2.0
"""Reading Bazel's answers: of the Bazel that runs this test, and of mistakes."""

import json
from pathlib import Path
from typing import Any

from absl.testing import absltest
from runfiles import Runfiles

from ktstr.model.errors import UsageError
from tools.select.query import parse


def _rule(**values: Any) -> str:
    attributes = [
        {"name": name, "stringListValue" if isinstance(value, list) else "stringValue": value}
        for name, value in values.items()
    ]
    return json.dumps({"type": "RULE", "rule": {"name": "//a:b", "attribute": attributes}})


class QueryTest(absltest.TestCase):
    def test_the_variants_of_a_gauntlet(self) -> None:
        runfiles = Runfiles.Create()
        assert runfiles is not None
        path = runfiles.Rlocation("_main/tests/select/answer")
        assert path is not None
        found = {each.label: each for each in parse(Path(path).read_text(encoding="utf-8"))}
        prefix = "//tests/rules/gauntlet:subject"
        self.assertLen(found, 12)
        large = found[f"{prefix}/medium-8llc/llc+steal/kernel_6_12"]
        self.assertEqual((large.topology.cpus, large.accel), (64, "auto"))
        self.assertEqual(large.sources, ("//sched/scenarios:steady.py",))
        self.assertEqual(large.scheduler, "//sched/fifo:fifo")
        self.assertEqual(large.kernel, "//sched/kernels:linux_6_12")
        self.assertContainsSubset(("gauntlet", "profile:llc+steal"), large.tags)
        own = found[f"{prefix}/mine/default/kernel_other"]
        self.assertEqual((own.topology.nodes, own.topology.cpus), (2, 3))
        self.assertFalse(own.disks or own.payloads or own.staged)

    def test_reads_rules(self) -> None:
        text = _rule(topology="1n1l2c1t", srcs=["//a:s.py"], kernel="//k:l", accel="auto", disks=[])
        (found,) = parse(text + "\n")
        self.assertEqual((found.label, found.topology.cpus), ("//a:b", 2))
        self.assertEqual((found.sources, found.scheduler), (("//a:s.py",), ""))
        self.assertEqual((found.disks, found.tags), (False, ()))

    def test_a_topology_that_is_selected(self) -> None:
        with self.assertRaisesRegex(UsageError, "//a:b: .* take it away with -//a:b"):
            list(parse(_rule(kernel="//k:l")))
