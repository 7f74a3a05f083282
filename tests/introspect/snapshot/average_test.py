# SPDX-License-Identifier: Apache-2.0
"""EEVDF's average of a queue, in kernels that keep its sums in each of the ways there were."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import cast

from absl.testing import absltest, parameterized

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.kernel.layout import Field
from ktstr.introspect.snapshot.runqueues import Averages
from ktstr.introspect.snapshot.view import View

_NICE_0 = 1024 << 10
_ZERO = 5_000
_ROOT, _GROUP, _ENTITY = 0x1000, 0x2000, 0x3000


@dataclass(frozen=True)
class _Layout:
    """A kernel's members of the two structs, all of 8 bytes."""

    queue: tuple[str, ...]
    entity: tuple[str, ...]

    def has_field(self, struct: str, path: str) -> bool:
        return path in self._members(struct)

    def field(self, struct: str, path: str) -> Field:
        return Field(8 * self._members(struct).index(path), 8)

    def _members(self, struct: str) -> tuple[str, ...]:
        return {"cfs_rq": self.queue, "sched_entity": self.entity}[struct]


class _Memory:
    def __init__(self) -> None:
        self.words: dict[int, int] = {}

    def read(self, address: int, size: int) -> bytes:
        words = (self.words.get(at, 0) for at in range(address, address + size, 8))
        return b"".join(word.to_bytes(8, "little") for word in words)

    def write(self, address: int, data: bytes) -> None:
        self.words[address] = int.from_bytes(data, "little")


_ENTITY_MEMBERS = ("load.weight", "vruntime", "on_rq")
_DOWN = _Layout(("zero_vruntime", "avg_vruntime", "avg_load", "curr"), _ENTITY_MEMBERS)
_SUMS = ("zero_vruntime", "sum_w_vruntime", "sum_weight", "sum_shift", "curr")
_SHIFTED = _Layout(_SUMS, _ENTITY_MEMBERS)
_FLAT = _Layout((*_SUMS, "h_curr"), ("load.weight", "h_load.weight", "vruntime", "on_rq"))


class AverageTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.memory = _Memory()

    def put(self, layout: _Layout, address: int, struct: str, values: dict[str, int]) -> None:
        for path, value in values.items():
            self.memory.words[address + layout.field(struct, path).offset] = value

    def average(self, layout: _Layout) -> int | None:
        view = View(cast("Kernel", layout), self.memory)
        return Averages(view).of(_GROUP, _ROOT)

    def runs(self, layout: _Layout, **weights: int) -> None:
        """What runs is 3000 ahead of the zero."""
        values = {"vruntime": _ZERO + 3000, "on_rq": 1}
        values |= {f"{name}.weight": weight for name, weight in weights.items()}
        self.put(layout, _ENTITY, "sched_entity", values)

    def test_weights_that_are_scaled_down_in_sums(self) -> None:
        self.runs(_DOWN, load=2 * _NICE_0)
        sums = {"zero_vruntime": _ZERO, "avg_vruntime": 600 * 1024, "avg_load": 1024}
        self.put(_DOWN, _GROUP, "cfs_rq", {**sums, "curr": _ENTITY})
        self.assertEqual(self.average(_DOWN), _ZERO + (600 + 2 * 3000) // 3)

    @parameterized.parameters((0,), (3,))
    def test_weights_that_are_in_sums_as_they_are_or_shifted(self, shift: int) -> None:
        self.runs(_SHIFTED, load=2 * _NICE_0)
        own = _NICE_0 >> shift
        sums = {"zero_vruntime": _ZERO, "sum_w_vruntime": 600 * own, "sum_weight": own}
        self.put(_SHIFTED, _GROUP, "cfs_rq", {**sums, "sum_shift": shift, "curr": _ENTITY})
        self.assertEqual(self.average(_SHIFTED), _ZERO + (600 + 2 * 3000) // 3)

    def test_one_tree_of_all_groups_by_shares(self) -> None:
        self.runs(_FLAT, load=8 * _NICE_0, h_load=2 * _NICE_0)
        sums = {"zero_vruntime": _ZERO, "sum_w_vruntime": 600 * _NICE_0, "sum_weight": _NICE_0}
        self.put(_FLAT, _ROOT, "cfs_rq", {**sums, "curr": _ENTITY})
        self.assertEqual(self.average(_FLAT), _ZERO + (600 + 2 * 3000) // 3)

    def test_what_runs_alone_is_the_average(self) -> None:
        self.runs(_FLAT, load=_NICE_0, h_load=_NICE_0 // 2)
        self.put(_FLAT, _ROOT, "cfs_rq", {"zero_vruntime": _ZERO, "curr": _ENTITY})
        self.assertEqual(self.average(_FLAT), _ZERO + 3000)


if __name__ == "__main__":
    absltest.main(argv=sys.argv)
