# SPDX-License-Identifier: Apache-2.0
"""Invariants of utilization clamps, which our kernels are built without: in a layout that has them.

The structs are those of kernel/sched/sched.h and include/linux/sched.h with CONFIG_UCLAMP_TASK and
20 buckets, the most that there may be, behind the ends of those of a real kernel.
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

_BUCKETS = 20
_CLAMP_BYTES = 8 + 8 * _BUCKETS
# bits of a bucket that are its value, and of a task's clamp, by what they are
_VALUE_BITS = 11
_OF_TASK = {"value": (0, _VALUE_BITS), "bucket_id": (_VALUE_BITS, 5), "active": (16, 1)}


@dataclass(frozen=True)
class _Field:
    offset: int
    size: int
    signed: bool = False
    bit_offset: int = 0
    bit_size: int = 0


class _Clamped:
    """A kernel with clamps as well."""

    def __init__(self, real: Kernel) -> None:
        self._real = real
        self.symbol, self.has_symbol = real.symbol, real.has_symbol
        self.enumerator = real.enumerator
        task, rq = (-(-real.size_of(each) // 8) * 8 for each in ("task_struct", "rq"))
        self._added = {("rq", "uclamp_flags"): _Field(rq + 2 * _CLAMP_BYTES, 4)}
        for which in range(2):
            clamp = rq + which * _CLAMP_BYTES
            self._added["rq", f"uclamp[{which}].value"] = _Field(clamp, 4)
            for bucket in range(_BUCKETS):
                tasks = _Field(clamp + 8 + 8 * bucket, 8, False, _VALUE_BITS, 64 - _VALUE_BITS)
                self._added["rq", f"uclamp[{which}].bucket[{bucket}].tasks"] = tasks
            for name, bits in _OF_TASK.items():
                place = _Field(task + 4 * which, 4, False, *bits)
                self._added["task_struct", f"uclamp[{which}].{name}"] = place

    def field(self, struct: str, path: str) -> Field:
        return self._added.get((struct, path)) or self._real.field(struct, path)

    def has_field(self, struct: str, path: str) -> bool:
        return (struct, path) in self._added or self._real.has_field(struct, path)

    def size_of(self, struct: str) -> int:
        return self._real.size_of(struct) + 4 * _CLAMP_BYTES


class ClampsTest(parameterized.TestCase):
    layout: _Clamped
    plan: Plan

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        real = kernel()
        cls.layout = _Clamped(real)
        cls.plan = plan(CLAMPS, cls.layout, version_of(real.release))

    def setUp(self) -> None:
        super().setUp()
        self.state = State(self.layout, "clamped")
        self.rq = self.state.queue()
        self.task = self.state.task("fair")
        self.state.runs(self.rq, self.task)
        for which, value in enumerate((100, 800)):
            self.put("task_struct", f"uclamp[{which}].value", value)
            self.put("task_struct", f"uclamp[{which}].bucket_id", value // 52)
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
        ("uclamp-bucket", "task_struct", "uclamp[0].bucket_id", _BUCKETS),
        ("uclamp-bucket", "task_struct", "uclamp[1].bucket_id", _BUCKETS),
        ("uclamp-queue", "rq", "uclamp[0].value", 1025),
        ("uclamp-queue", "rq", "uclamp[1].value", 1 << 31),
        ("uclamp-idle", "rq", "uclamp_flags", 1),
    )
    def test_each_fails_alone(self, name: str, struct: str, path: str, value: int) -> None:
        self.put(struct, path, value)
        ends = self.ends()
        self.assertEqual({each for each, found in ends.items() if End.FAILS in found}, {name})
        self.assertEqual(ends[name], {End.FAILS})

    def test_nothing_is_said_of_clamps_that_are_in_no_queue(self) -> None:
        self.put("task_struct", "uclamp[0].active", 0)
        self.put("task_struct", "uclamp[0].value", 900)
        self.put("rq", "uclamp[1].bucket[1].tasks", 0)
        self.put("rq", "uclamp_flags", 1)
        ends = self.ends()
        self.assertEqual((ends["uclamp-task"], ends["uclamp-idle"]), ({End.IDLE}, {End.IDLE}))


if __name__ == "__main__":
    absltest.main(argv=sys.argv)
