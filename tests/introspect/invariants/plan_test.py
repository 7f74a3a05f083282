# SPDX-License-Identifier: Apache-2.0
"""At which instants of a kernel an invariant can be looked at, and why it cannot."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

from absl.testing import absltest

from ktstr.introspect.invariants.instants import DISPATCHED
from ktstr.introspect.invariants.invariant import Category, Invariant
from ktstr.introspect.invariants.plan import plan
from ktstr.model.errors import UsageError

_FUNCTION, _UNLOCK = "dispatch_enqueue", "_raw_spin_unlock"


@dataclass(frozen=True)
class _Field:
    offset: int = 0
    size: int = 4
    signed: bool = False
    bit_offset: int = 0
    bit_size: int = 0


@dataclass(frozen=True)
class _Layout:
    """A kernel that has functions, and queues that count."""

    functions: tuple[str, ...]

    def symbol(self, name: str) -> int:
        raise UsageError(f"there is no {name}")

    def has_symbol(self, name: str) -> bool:
        return name in self.functions

    def field(self, struct: str, path: str) -> _Field:
        if not self.has_field(struct, path):
            raise UsageError(f"{struct} has no {path}")
        return _Field()

    def has_field(self, struct: str, path: str) -> bool:
        return (struct, path) == ("scx_dispatch_q", "nr")

    def size_of(self, struct: str) -> int:
        return {"scx_dispatch_q": 64, "task_struct": 64}[struct]

    def enumerator(self, enum: str, name: str) -> int:
        raise UsageError(f"{enum} has no {name}")


_COUNTS = Invariant(
    name="counts",
    says="A queue counts.",
    category=Category.DSQ,
    source="kernel/sched/ext.c",
    at=(DISPATCHED,),
    holds="dsq.nr < 8",
)


class PlanTest(absltest.TestCase):
    def test_a_function_that_ends_with_the_unlock_is_looked_at(self) -> None:
        found = plan([_COUNTS], _Layout((_FUNCTION, _UNLOCK)), (6, 12))
        self.assertEqual([each.function for each in found.looked], [_FUNCTION])
        self.assertEmpty(found.lacking)

    def test_with_the_unlock_inlined_it_is_not_and_the_reason_says_so(self) -> None:
        found = plan([_COUNTS], _Layout((_FUNCTION,)), (6, 12))
        self.assertEmpty(found.looked)
        (lacking,) = found.lacking
        self.assertEqual(
            lacking.reason,
            "the kernel has no function _raw_spin_unlock, which dispatch_enqueue must end with",
        )

    def test_other_instants_are_looked_at_with_the_unlock_inlined(self) -> None:
        elsewhere = replace(DISPATCHED, name="elsewhere", functions=("put",), needs="")
        both = replace(_COUNTS, at=(DISPATCHED, elsewhere))
        found = plan([both], _Layout((_FUNCTION, "put")), (6, 12))
        self.assertEqual([each.instant for each in found.looked], [elsewhere])

    def test_a_kernel_without_the_function(self) -> None:
        (lacking,) = plan([_COUNTS], _Layout((_UNLOCK,)), (6, 12)).lacking
        self.assertEqual(lacking.reason, "the kernel has none of the functions dispatch_enqueue")


if __name__ == "__main__":
    absltest.main(argv=sys.argv)
