# SPDX-License-Identifier: Apache-2.0
"""Where the code of a kernel's scheduler is, and stretches of it that belong together."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.introspect.coverage.addresses import joined
from ktstr.introspect.coverage.ground import scheduler_code
from ktstr.introspect.kernel.kernel import Kernel

# one of each file that core.c, fair.c, build_policy.c and build_utility.c are made of, or nearly
_INSIDE = (
    *("try_to_wake_up", "enqueue_task_fair", "update_load_avg", "enqueue_task_rt"),
    *("task_tick_dl", "enqueue_task_scx", "scx_ops_bypass", "cpuacct_charge", "sched_init_numa"),
)
_OUTSIDE = ("mutex_is_locked", "copy_process", "do_exit", "rcu_sched_clock_irq", "panic")


def _kernel() -> Kernel:
    index, *files = os.environ["KERNEL"].split()
    vmlinux = next(Path(each) for each in files if Path(each).name == "vmlinux")
    return Kernel.open(vmlinux, Path(index))


class GroundTest(absltest.TestCase):
    def test_it_has_the_scheduler_and_nothing_else(self) -> None:
        kernel = _kernel()
        start, end = scheduler_code(kernel)
        there = [name for name in (*_INSIDE, *_OUTSIDE) if kernel.has_symbol(name)]
        inside = [name for name in there if start <= kernel.symbol(name) < end]
        self.assertEqual(inside, [name for name in _INSIDE if name in there])
        self.assertGreater(len(there), 10)

    @given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9))))
    def test_stretches_that_touch_are_one(self, found: list[tuple[int, int]]) -> None:
        stretches = [(start, start + size) for start, size in found]
        made = joined(stretches)
        expected = {at for start, end in stretches for at in range(start, end)}
        self.assertEqual({at for start, end in made for at in range(start, end)}, expected)
        for one, other in itertools.pairwise(made):
            self.assertLess(one[1], other[0])


if __name__ == "__main__":
    absltest.main()
