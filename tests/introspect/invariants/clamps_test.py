# SPDX-License-Identifier: Apache-2.0
"""Invariants of utilization clamps, which our kernels are built without: in layouts that have them.

The structs are those of kernel/sched/sched.h and include/linux/sched.h with CONFIG_UCLAMP_TASK,
and with 5 buckets, as Kconfig has it, and 20, the most that there may be, behind the ends of those
of a real kernel.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from absl.testing import absltest, parameterized

from ktstr.introspect.invariants.instants import PUT_FAIR, SWITCHED
from ktstr.introspect.invariants.layout import Field
from ktstr.introspect.invariants.library.clamps import CLAMPS
from ktstr.introspect.invariants.plan import Plan, plan, version_of
from ktstr.introspect.invariants.program import End, evaluate
from ktstr.introspect.kernel.kernel import Kernel
from tests.introspect.invariants.kernels import kernel
from tests.introspect.invariants.state import State

# bits of a bucket that are its value
_VALUE_BITS = 11
_BUCKET = {"uclamp-bucket"}


@dataclass(frozen=True)
class _Field:
    offset: int
    size: int
    signed: bool = False
    bit_offset: int = 0
    bit_size: int = 0


class _Clamped:
    """A kernel with clamps as well."""

    def __init__(self, real: Kernel, buckets: int) -> None:
        self._real, self.buckets = real, buckets
        size, id_bits = 8 + 8 * buckets, buckets.bit_length()
        self._more = 4 * size
        of_task = {
            "value": (0, _VALUE_BITS),
            "bucket_id": (_VALUE_BITS, id_bits),
            "active": (_VALUE_BITS + id_bits, 1),
        }
        self.symbol, self.has_symbol = real.symbol, real.has_symbol
        self.enumerator = real.enumerator
        task, rq = (-(-real.size_of(each) // 8) * 8 for each in ("task_struct", "rq"))
        self._added = {("rq", "uclamp_flags"): _Field(rq + 2 * size, 4)}
        tasks = _Field(0, 8, False, _VALUE_BITS, 64 - _VALUE_BITS)
        self._added["uclamp_bucket", "tasks"] = tasks
        for which in range(2):
            clamp = rq + which * size
            self._added["rq", f"uclamp[{which}].value"] = _Field(clamp, 4)
            path = f"uclamp[{which}].bucket"
            self._added["rq", path] = _Field(clamp + 8, 8 * buckets)
            for bucket in range(buckets):
                at = clamp + 8 + 8 * bucket
                tasks = _Field(at, 8, False, _VALUE_BITS, 64 - _VALUE_BITS)
                self._added["rq", f"{path}[{bucket}]"] = _Field(at, 8)
                self._added["rq", f"{path}[{bucket}].tasks"] = tasks
            for name, bits in of_task.items():
                place = _Field(task + 4 * which, 4, False, *bits)
                self._added["task_struct", f"uclamp[{which}].{name}"] = place

    def field(self, struct: str, path: str) -> Field:
        return self._added.get((struct, path)) or self._real.field(struct, path)

    def has_field(self, struct: str, path: str) -> bool:
        return (struct, path) in self._added or self._real.has_field(struct, path)

    def size_of(self, struct: str) -> int:
        return 8 if struct == "uclamp_bucket" else self._real.size_of(struct) + self._more


class _ClampsTest(parameterized.TestCase):
    buckets: int
    layout: _Clamped
    plan: Plan

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        real = kernel()
        cls.layout = _Clamped(real, cls.buckets)
        cls.plan = plan(CLAMPS, cls.layout, version_of(real.release))

    def setUp(self) -> None:
        super().setUp()
        self.state = State(self.layout, "clamped")
        self.rq = self.state.queue()
        self.task = self.state.task("fair")
        self.state.runs(self.rq, self.task)
        for which, value in enumerate((100, 800)):
            self.put("task_struct", f"uclamp[{which}].value", value)
            bucket = value * self.buckets // 1024
            self.put("task_struct", f"uclamp[{which}].bucket_id", bucket)
            self.put("task_struct", f"uclamp[{which}].active", 1)
            self.put("rq", f"uclamp[{which}].value", value)
            self.put("rq", f"uclamp[{which}].bucket[1].tasks", 1)
        for instant in (SWITCHED, PUT_FAIR):
            self.state.comes(instant, self.rq, self.task)

    def put(self, struct: str, path: str, value: int) -> None:
        self.state.set(self.rq if struct == "rq" else self.task, struct, path, value)

    def ends(self) -> dict[str, set[End]]:
        """Of each, at both instants."""
        found: dict[str, set[End]] = {}
        for each in self.plan.looked:
            if each.instant in self.state.calls:
                end = evaluate(each.program, self.state.calls[each.instant]).end
                found.setdefault(each.invariant.name, set()).add(end)
        return found

    def test_all_hold(self) -> None:
        self.assertEmpty(self.plan.lacking)
        self.assertEqual(self.ends(), {each.name: {End.HOLDS} for each in CLAMPS})

    @parameterized.parameters(
        ("uclamp-task", "task_struct", "uclamp[0].value", 900),
        ("uclamp-task", "task_struct", "uclamp[1].value", 99),
        ("uclamp-task", "task_struct", "uclamp[1].value", 1025),
        ("uclamp-queue", "rq", "uclamp[0].value", 1025),
        ("uclamp-queue", "rq", "uclamp[1].value", 1 << 31),
        ("uclamp-idle", "rq", "uclamp_flags", 1),
    )
    def test_each_fails_alone(self, name: str, struct: str, path: str, value: int) -> None:
        self.put(struct, path, value)
        ends = self.ends()
        self.assertEqual({each for each, found in ends.items() if End.FAILS in found}, {name})
        self.assertEqual(ends[name], {End.FAILS})

    @parameterized.parameters(0, 1)
    def test_the_first_bucket_that_there_is_not(self, which: int) -> None:
        self.put("task_struct", f"uclamp[{which}].bucket_id", self.buckets)
        ends = self.ends()
        self.assertEqual({each for each, found in ends.items() if found == {End.FAILS}}, _BUCKET)

    def test_tasks_in_the_last_bucket_count(self) -> None:
        self.put("rq", "uclamp[1].bucket[1].tasks", 0)
        self.assertEqual(self.ends()["uclamp-idle"], {End.IDLE})
        self.put("rq", f"uclamp[1].bucket[{self.buckets - 1}].tasks", 1)
        self.assertEqual(self.ends()["uclamp-idle"], {End.HOLDS})

    def test_nothing_is_said_of_clamps_that_are_in_no_queue(self) -> None:
        self.put("task_struct", "uclamp[0].active", 0)
        self.put("task_struct", "uclamp[0].value", 900)
        self.put("rq", "uclamp[1].bucket[1].tasks", 0)
        self.put("rq", "uclamp_flags", 1)
        ends = self.ends()
        self.assertEqual((ends["uclamp-task"], ends["uclamp-idle"]), ({End.IDLE}, {End.IDLE}))


class FiveBucketsTest(_ClampsTest):
    buckets = 5


class TwentyBucketsTest(_ClampsTest):
    buckets = 20


# not one of the tests itself
del _ClampsTest


if __name__ == "__main__":
    absltest.main(argv=sys.argv)
