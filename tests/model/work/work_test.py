# SPDX-License-Identifier: Apache-2.0
"""Groups of workers: their sizes, their load weights, and what the kernel would refuse."""

import itertools

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.errors import UsageError
from ktstr.model.work.policy import NICE_WEIGHTS, Policy, load_weight
from ktstr.model.work.teams import FutexPingPong, PipeIo
from ktstr.model.work.types import Bursty, IoRandRead, IoSyncWrite
from ktstr.model.work.work import ExactCpus, Work, check_work
from tests.model.strategies import works


class WorkTest(parameterized.TestCase):
    @given(works(), st.integers(1, 64))
    def test_a_group_is_whole_or_refused(self, work: Work, default: int) -> None:
        try:
            count = work.count(default, 4)
        except UsageError as error:
            self.assertIn(f"do not make whole groups of {work.type.group_size}", str(error))
            return
        self.assertEqual(count % work.type.group_size, 0)
        if work.workers_pct is None:
            self.assertEqual(count, default if work.workers is None else work.workers)

    @given(works(), st.integers(0, 600))
    def test_who_wants_the_cpu_depends_on_the_role_only(self, work: Work, index: int) -> None:
        size = work.type.group_size
        self.assertEqual(work.type.is_hungry(index), work.type.is_hungry(index + size))

    @parameterized.parameters(
        (Work(workers=0), "0 workers; at least 1 is needed"),
        (Work(PipeIo(), workers=3), "3 workers do not make whole groups of 2"),
        (Work(FutexPingPong()), "1 workers do not make whole groups of 2"),
    )
    def test_counts_that_cannot_be(self, work: Work, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            work.count(1, 4)

    @parameterized.parameters(
        (Work(policy=Policy.FIFO), "policy fifo needs rt_priority 1 to 99, not 0"),
        (Work(policy=Policy.RR, rt_priority=100), "1 to 99, not 100"),
        (Work(rt_priority=5), "rt_priority 5 goes with FIFO and RR only"),
        (Work(nice=20), "nice 20 is not within -20 to 19"),
        (Work(policy=Policy.IDLE, nice=1), "nice 1 has no effect with policy idle"),
        (Work(Bursty(burst_us=0)), "burst_us is 0; at least 1 is needed"),
        (Work(PipeIo(spin=-1)), "spin is -1"),
        (Work(IoSyncWrite(blocks=0)), "blocks is 0; at least 1"),
        (Work(IoRandRead(block_kb=2048)), "block_kb is 2048; 1024 is the most"),
        (Work(affinity=ExactCpus(frozenset())), "names no CPU"),
    )
    def test_what_the_kernel_would_refuse(self, work: Work, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            check_work(work)

    def test_weights_follow_the_kernel(self) -> None:
        self.assertEqual(load_weight(Policy.NORMAL, 0), 1024)
        self.assertEqual(load_weight(Policy.BATCH, -20), 88761)
        self.assertEqual(load_weight(Policy.NORMAL, 19), 15)
        self.assertEqual(load_weight(Policy.IDLE, 0), 3)
        self.assertEqual(load_weight(Policy.FIFO, 0), 0)

    def test_each_nice_step_is_about_a_quarter_more(self) -> None:
        for heavier, lighter in itertools.pairwise(NICE_WEIGHTS):
            self.assertBetween(heavier / lighter, 1.15, 1.35)


if __name__ == "__main__":
    absltest.main()
