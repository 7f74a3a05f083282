# SPDX-License-Identifier: Apache-2.0
"""Each invariant holds in a state of a real kernel's layout, and fails where that is corrupted."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator

from absl.testing import absltest

from ktstr.introspect.invariants.layout import Field
from ktstr.introspect.invariants.library.all import INVARIANTS
from ktstr.introspect.invariants.options import OPTIONS
from ktstr.introspect.invariants.plan import Looked, Plan, plan, version_of
from ktstr.introspect.invariants.program import REGISTERS, End, Look, Outcome, evaluate
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.model.errors import UsageError
from tests.introspect.invariants.fair_states import is_flat
from tests.introspect.invariants.kernels import kernel
from tests.introspect.invariants.native import Native
from tests.introspect.invariants.sparse import SparseMemory
from tests.introspect.invariants.state import WEIGHT, State
from tests.introspect.invariants.states import all_states

# what a kernel of ours is built without, CONFIG_UCLAMP_TASK: clamps_test has them
_NOT_BUILT = {"uclamp-task", "uclamp-bucket", "uclamp-queue", "uclamp-idle"}


class _Watched:
    """Memory that remembers what was read of it."""

    def __init__(self, memory: SparseMemory) -> None:
        self._memory = memory
        self.places: dict[tuple[int, int], None] = {}

    def read(self, address: int, size: int) -> bytes:
        if size in (1, 2, 4, 8):
            self.places[address, size] = None
        return self._memory.read(address, size)

    def write(self, address: int, data: bytes) -> None:
        self._memory.write(address, data)


# what include/linux/sched.h and kernel/sched/sched.h have with an option alone
_BUILT_WITH = {
    "CONFIG_UCLAMP_TASK": ("task_struct.uclamp", "rq.uclamp"),
    "CONFIG_SCHED_CLASS_EXT": ("task_struct.scx", "rq.scx", "rq.ext_server", "scx_"),
    "CONFIG_FAIR_GROUP_SCHED": (
        *(f"sched_entity.{name}" for name in ("depth", "parent", "cfs_rq", "my_q", "h_load")),
        *(f"cfs_rq.{name}" for name in ("rq", "on_list", "leaf", "tg", "throttle", "runtime_")),
        *(f"task_group.{name}" for name in ("shares", "load_avg")),
        *(f"rq.cfs.{name}" for name in ("rq", "on_list", "leaf", "tg")),
        *("rq.leaf", "rq.tmp_alone_branch", "task_struct.se.cfs_rq", "task_struct.se.parent"),
    ),
    "CONFIG_CFS_BANDWIDTH": ("cfs_rq.throttle", "cfs_rq.runtime_", "cfs_bandwidth."),
}


class _Without:
    """A kernel that was built without an option."""

    def __init__(self, real: Kernel, option: str) -> None:
        self._real, self._lacks = real, _BUILT_WITH[option]
        self.symbol, self.has_symbol = real.symbol, real.has_symbol
        self.size_of, self.enumerator = real.size_of, real.enumerator

    def field(self, struct: str, path: str) -> Field:
        if f"{struct}.{path}".startswith(self._lacks):
            raise UsageError(f"{struct} has no {path}")
        return self._real.field(struct, path)

    def has_field(self, struct: str, path: str) -> bool:
        lacks = f"{struct}.{path}".startswith(self._lacks)
        return not lacks and self._real.has_field(struct, path)


class LibraryTest(absltest.TestCase):
    kernel: Kernel
    plan: Plan
    states: list[State]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.kernel = kernel()
        cls.plan = plan(INVARIANTS, cls.kernel, version_of(cls.kernel.release))
        cls.states = all_states(cls.kernel)

    def test_there_are_many_and_names_are_unique(self) -> None:
        for version in ((6, 12), (6, 17), (6, 18), (7, 0), (7, 2), (7, 3)):
            names = [each.name for each in INVARIANTS if each.is_of(version)]
            self.assertCountEqual(names, set(names))
        self.assertGreaterEqual(len({each.invariant.name for each in self.plan.looked}), 100)

    def test_only_what_is_not_built_in_is_lacking(self) -> None:
        self.assertEqual({each.invariant.name for each in self.plan.lacking}, _NOT_BUILT)
        for each in self.plan.lacking:
            self.assertIn("uclamp", each.reason)
            self.assertEqual(each.option, "CONFIG_UCLAMP_TASK")

    def test_an_option_that_a_kernel_is_built_without_is_named(self) -> None:
        version = version_of(self.kernel.release)
        for option in OPTIONS:
            with self.subTest(option.name):
                lacking = plan(INVARIANTS, _Without(self.kernel, option.name), version).lacking
                for each in lacking:
                    self.assertNotEmpty(each.option, f"{each.invariant.name}: {each.reason}")
                self.assertIn(option.name, {each.option for each in lacking})

    def test_what_lacks_with_its_option_is_no_matter_of_the_option(self) -> None:
        (group,) = (each for each in INVARIANTS if each.name == "group-parent")
        wrong = dataclasses.replace(group, holds="all(e.none == 0 for e in range(1))")
        (lacking,) = plan([wrong], self.kernel, version_of(self.kernel.release)).lacking
        self.assertEqual(lacking.option, "")

    def test_all_hold_in_correct_states(self) -> None:
        for state, looked, outcome in self._told():
            with self.subTest(f"{state.name}: {looked.invariant.name}, {looked.instant.name}"):
                self.assertIn(outcome.end, (End.HOLDS, End.IDLE), self._words(looked, outcome))

    def test_each_fails_where_memory_is_corrupted(self) -> None:
        told = {
            looked.invariant.name
            for state, looked, outcome in self._told()
            if outcome.end is End.HOLDS and self._can_fail(state, looked)
        }
        wanted = {each.invariant.name for each in self.plan.looked}
        self.assertEqual(wanted - told, set())

    def test_a_group_may_be_throttled_while_its_task_runs_on(self) -> None:
        """As by sched_setaffinity() of the running task, which puts it back on its queue."""
        state = next(each for each in all_states(self.kernel) if each.name == "fair")
        chain = next(each for each in self.plan.looked if each.invariant.name == "cfs-curr-chain")
        look = state.calls[chain.instant]
        top = state.queues[0] + state.at("rq", "cfs")
        entity = _number(state, top + state.at("cfs_rq", "h_curr" if is_flat(state) else "curr"))
        state.put(entity, "sched_entity", on_rq=0)
        self.assertIs(evaluate(chain.program, look).end, End.FAILS)
        group = _number(state, entity + state.at("sched_entity", "my_q"))
        state.put(group, "cfs_rq", throttled=1, throttle_count=1)
        self.assertIs(evaluate(chain.program, look).end, End.HOLDS)

    def test_a_task_weighs_its_share_of_all_groups_above_it(self) -> None:
        state = next(each for each in all_states(self.kernel) if each.name == "fair")
        found = [each for each in self.plan.looked if each.invariant.name == "entity-share"]
        self.assertEqual(bool(found), is_flat(state))
        for share in found:
            look = state.calls[share.instant]
            runs = _number(state, state.queues[0] + state.at("rq", "curr"))
            inner = runs + state.at("task_struct", "se")
            weight = _number(state, inner + state.at("sched_entity", "h_load.weight"))
            self.assertIs(evaluate(share.program, look).end, End.HOLDS)
            for depth in range(1, 4):
                # a group in between, which has twice the weight that its task's is of
                entity, queue = state.new("sched_entity"), state.new("cfs_rq")
                parent = _number(state, inner + state.at("sched_entity", "parent"))
                above = _number(state, inner + state.at("sched_entity", "cfs_rq"))
                state.put(entity, "sched_entity", parent=parent, cfs_rq=above, load__weight=WEIGHT)
                state.put(queue, "cfs_rq", load__weight=2 * WEIGHT)
                state.put(inner, "sched_entity", parent=entity, cfs_rq=queue)
                with self.subTest(depth=depth):
                    self.assertIs(evaluate(share.program, look).end, End.FAILS)
                    state.put(inner, "sched_entity", h_load__weight=weight >> depth)
                    self.assertIs(evaluate(share.program, look).end, End.HOLDS)

    def test_a_shared_queue_is_looked_at_but_while_another_cpu_changes_it(self) -> None:
        names = {"dsq-nr", "dsq-tasks", "dsq-ordered-or-not", "dsq-vtime-order"}
        found = [each for each in self.plan.looked if each.invariant.name in names]
        self.assertEqual({each.invariant.name for each in found}, names)
        state = next(each for each in all_states(self.kernel) if each.name == "ordered")
        gives_back_first = version_of(self.kernel.release) >= (7, 2)
        for each in found:
            look = state.calls[each.instant]
            dsq = look.registers[REGISTERS.index("rdx" if gives_back_first else "rdi")]
            with self.subTest(each.invariant.name):
                self.assertIs(evaluate(each.program, look).end, End.HOLDS)
                state.put(dsq, "scx_dispatch_q", lock__raw_lock__locked=1)
                held = End.IDLE if gives_back_first else End.HOLDS
                self.assertIs(evaluate(each.program, look).end, held)
                state.put(dsq, "scx_dispatch_q", lock__raw_lock__locked=0)

    def test_c_and_python_agree_on_all(self) -> None:
        native = Native()
        for state in self.states:
            for instant, look in state.calls.items():
                at = [each for each in self.plan.looked if each.instant == instant]
                ours = [evaluate(each.program, look) for each in at]
                self.assertEqual(native.evaluate_all([each.program for each in at], look), ours)

    def _told(self) -> Iterator[tuple[State, Looked, Outcome]]:
        for state in self.states:
            for each in self.plan.looked:
                if each.instant in state.calls:
                    yield state, each, evaluate(each.program, state.calls[each.instant])

    def _can_fail(self, state: State, looked: Looked) -> bool:
        """Whether a number that it read can be changed so that it fails."""
        look = state.calls[looked.instant]
        watched = _Watched(state.memory)
        evaluate(looked.program, Look(watched, look.per_cpu, 0, look.registers, look.result))
        return any(
            self._fails_with(state, looked, address, value)
            for address, size in watched.places
            for value in _corruptions(address, state.memory.read(address, size))
        )

    def _fails_with(self, state: State, looked: Looked, address: int, value: bytes) -> bool:
        before = state.memory.read(address, len(value))
        state.memory.write(address, value)
        try:
            return evaluate(looked.program, state.calls[looked.instant]).end is End.FAILS
        finally:
            state.memory.write(address, before)

    def _words(self, looked: Looked, outcome: Outcome) -> str:
        pairs = zip(looked.terms, outcome.terms, strict=True)
        return ", ".join(f"{text} = {value & (1 << 64) - 1:#x}" for text, value in pairs)


def _number(state: State, address: int) -> int:
    return int.from_bytes(state.memory.read(address, 8), "little")


def _corruptions(address: int, before: bytes) -> Iterator[bytes]:
    """Other numbers of the same size: near, far, of all ones, with a bit turned, its address."""
    size = len(before)
    value, mask = int.from_bytes(before, "little"), (1 << 8 * size) - 1
    others = [address, 0, 1, 2, 3, mask, mask >> 1, value + 1, value - 1, value + 64, value - 1500]
    others += [value ^ 1 << bit for bit in range(8 * size)]
    for other in dict.fromkeys(each & mask for each in others):
        if other != value:
            yield other.to_bytes(size, "little")


if __name__ == "__main__":
    absltest.main(argv=sys.argv)
