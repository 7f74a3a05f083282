# SPDX-License-Identifier: Apache-2.0
"""What a target covers and costs: by its attributes, its sources and its results."""

import dataclasses
import tempfile
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.model.machine.topology import Topology
from ktstr.report.junit import Case, junit
from ktstr.result import result_pb2
from tools.select.candidates import Target, candidate, estimate_s, features
from tools.select.durations import case_seconds, measured_s
from tools.select.functions import Function, functions_of

_TARGET = Target(
    label="//a:b/smt-2llc/llc+steal",
    topology=Topology.parse("1n2l2c2t"),
    sources=("//a:steady.py",),
    scheduler="//a:fifo",
    kernel="//k:linux",
    accel="auto",
    staged=False,
    disks=True,
    payloads=False,
    tags=("gauntlet", "manual", "preset:smt-2llc", "profile:llc+steal"),
)

_SOURCE = """\
import ktstr
from ktstr import scenario

@scenario()
def plain(machine): ...

@ktstr.scenario(duration=2.5, workers_per_cgroup=8, expect_fail=x)
def much(machine): ...

@ktstr.test(duration=LONG)
def by_hand(ctx): ...

def helper(): ...
"""


class FunctionsTest(absltest.TestCase):
    def test_decorated_functions(self) -> None:
        self.assertEqual(
            functions_of(_SOURCE),
            (
                Function("plain"),
                Function("much", duration_s=2.5, workers_per_cgroup=8, expect_fail=True),
                Function("by_hand", in_guest=True),
            ),
        )

    def test_what_is_no_python_has_none(self) -> None:
        self.assertEqual(functions_of("def ("), ())
        self.assertEqual(functions_of("a\0b"), ())


class FeaturesTest(parameterized.TestCase):
    def test_of_a_variant(self) -> None:
        functions = functions_of(_SOURCE)
        self.assertEqual(
            features(_TARGET, functions),
            {
                *("scheduler=//a:fifo", "kernel=//k:linux", "source=steady", "disks", "gauntlet"),
                *("cpus<=8", "llcs<=2", "numa_nodes<=1", "smt", "flag=llc", "flag=steal"),
                *("duration_s<=2", "duration_s<=10", "many_workers", "expect_fail", "in_guest"),
            },
        )

    @parameterized.parameters(
        ("1n1l1c1t", ("cpus<=8", "llcs<=1", "numa_nodes<=1")),
        ("1n3l3c1t", ("cpus<=16", "llcs<=4", "numa_nodes<=1")),
        ("4n8l4c1t", ("cpus<=64", "llcs<=8", "numa_nodes<=4")),
        ("8n16l5c2t", ("cpus>128", "llcs>8", "numa_nodes>4")),
    )
    def test_buckets(self, topology: str, expected: tuple[str, ...]) -> None:
        target = dataclasses.replace(
            _TARGET, topology=Topology.parse(topology), scheduler="", accel="tcg", tags=()
        )
        found = features(target, ())
        self.assertLessEqual({*expected, "scheduler=eevdf", "accel=tcg"}, found)
        self.assertEqual("smt" in found, topology.endswith("2t"))
        self.assertNotIn("gauntlet", found)


class CostTest(absltest.TestCase):
    def test_estimates(self) -> None:
        self.assertEqual(estimate_s(Topology.parse("1n2l4c2t"), 1.0), 13.0)
        self.assertEqual(estimate_s(Topology.parse("1n4l4c2t"), 2.0), 15.6)

    def test_measured_where_it_can_be(self) -> None:
        found = candidate(_TARGET, (Function("a"), Function("b")), {"a": 3.0, "elsewhere": 50.0})
        self.assertEqual((found.seconds, found.functions, found.measured), (16.0, 2, 1))

    def test_functions_that_are_made_on_import_are_those_of_the_last_run(self) -> None:
        found = candidate(_TARGET, (), {"stall_a": 30.0, "stall_b": 20.0})
        self.assertEqual((found.seconds, found.functions, found.measured), (50.0, 2, 2))
        self.assertEqual(candidate(_TARGET, (), {}).seconds, 13.0)


class DurationsTest(absltest.TestCase):
    def test_the_runners_own_file(self) -> None:
        cases = [
            Case("good", result_pb2.PASS, "", "", "", 7.25),
            Case("bad", result_pb2.FAIL, "starved", "m", "t", 8.5),
            Case("broken", result_pb2.INCONCLUSIVE, "infra", "m", "t", 0.5),
            Case("skipped", result_pb2.SKIP, "", "", "", 0.0),
        ]
        self.assertEqual(case_seconds(junit("//a:b", cases)), {"good": 7.25, "bad": 8.5})
        self.assertEqual(case_seconds(b"no xml"), {})

    def test_all_shards_of_a_target(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for shard, name in enumerate(("one", "two"), 1):
                directory = Path(folder, "a/b/c", f"shard_{shard}_of_2")
                directory.mkdir(parents=True)
                case = Case(name, result_pb2.PASS, "", "", "", 2.0)
                (directory / "test.xml").write_bytes(junit("//a:b/c", [case]))
            self.assertEqual(measured_s(Path(folder), "//a:b/c"), {"one": 2.0, "two": 2.0})
            self.assertEqual(measured_s(Path(folder), "//a:never"), {})


if __name__ == "__main__":
    absltest.main()
