# SPDX-License-Identifier: Apache-2.0
"""What a machine is checked for against its kernel."""

from absl.testing import absltest, parameterized

from ktstr.machine.machine import check_sched_ext, kernel_cpus
from ktstr.model.errors import UsageError
from tests.support import targets


class KernelCpusTest(parameterized.TestCase):
    @parameterized.parameters(("CONFIG_SMP=y\nCONFIG_NR_CPUS=64\n", 64), ("# no SMP\n", 1))
    def test_reads_the_config(self, config: str, expected: int) -> None:
        self.assertEqual(kernel_cpus(config), expected)


class SchedExtTest(absltest.TestCase):
    def test_a_scheduler_needs_a_kernel_with_sched_ext(self) -> None:
        without = "CONFIG_SMP=y\n# CONFIG_SCHED_CLASS_EXT is not set\n"
        target = targets.target(scheduler=targets.SCHEDULER)
        with self.assertRaisesRegex(UsageError, "and the kernel has no CONFIG_SCHED_CLASS_EXT"):
            check_sched_ext(target, without)
        check_sched_ext(target, "CONFIG_SCHED_CLASS_EXT=y\n")
        check_sched_ext(targets.target(), without)


if __name__ == "__main__":
    absltest.main()
