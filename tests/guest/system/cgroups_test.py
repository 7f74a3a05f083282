# SPDX-License-Identifier: Apache-2.0
"""What the tree of cgroups makes of a kernel that refuses; what one takes is shown in guests."""

from __future__ import annotations

import errno
import itertools
import os
import time
from unittest import mock

from absl.testing import absltest

from ktstr.guest.system import cgroups
from ktstr.guest.system.cgroups import CgroupTree
from ktstr.model.errors import InfraError


class RemoveTest(absltest.TestCase):
    def test_one_in_which_somebody_forks_all_the_time_is_given_up(self) -> None:
        tree = CgroupTree(self.create_tempdir().full_path)
        until, numbers = time.monotonic() + 20, itertools.count(1000)

        def pids(name: str) -> list[int]:
            self.assertLess(time.monotonic(), until, "it goes on without an end")
            return [next(numbers)]

        busy = OSError(errno.EBUSY, "Device or resource busy")
        with (
            mock.patch.object(cgroups, "_EMPTY_MS", 50),
            mock.patch.object(os, "rmdir", side_effect=busy),
            mock.patch.object(tree, "pids", side_effect=pids),
            mock.patch.object(tree, "place"),
            self.assertRaisesRegex(InfraError, "cannot remove cgroup 'a': it was not empty within"),
        ):
            tree.remove("a")


if __name__ == "__main__":
    absltest.main()
