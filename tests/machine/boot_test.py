# SPDX-License-Identifier: Apache-2.0
"""Kernel arguments of a target's guests."""

import dataclasses

from absl.testing import absltest

from ktstr.machine.boot import kernel_arguments
from tests.support import targets


class KernelArgumentsTest(absltest.TestCase):
    def test_kernel_arguments(self) -> None:
        scheduler = dataclasses.replace(
            targets.SCHEDULER, kargs=("nosmt",), sysctls={"kernel.x": "2"}
        )
        arguments = kernel_arguments(targets.target(scheduler=scheduler, kargs=("mine",)))
        self.assertEqual(
            arguments,
            ("sysctl.kernel.sched_schedstats=1", "sysctl.kernel.x=2", "nosmt", "mine"),
        )

    def test_ours_gives_way_to_the_author_s(self) -> None:
        target = targets.target(kargs=("sysctl.kernel.sched_schedstats=0",))
        self.assertEqual(kernel_arguments(target), target.kargs)

    def test_what_staged_schedulers_want_of_the_kernel_counts_too(self) -> None:
        own = dataclasses.replace(targets.SCHEDULER, kargs=("nosmt",), sysctls={"kernel.x": "2"})
        staged = dataclasses.replace(own, kargs=("nosmt", "quiet"), sysctls={"kernel.y": "3"})
        arguments = kernel_arguments(targets.target(scheduler=own, staged=(staged,)))
        self.assertEqual(
            arguments[1:],
            ("sysctl.kernel.x=2", "sysctl.kernel.y=3", "nosmt", "quiet"),
        )


if __name__ == "__main__":
    absltest.main()
