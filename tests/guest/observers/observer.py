# SPDX-License-Identifier: Apache-2.0
"""What tests of the observers share: a program of the test's own, and what must not stay open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from absl.testing import absltest


class ObserverTest(absltest.TestCase):
    """The observer's program does what a shell script says."""

    def program(self, script: str) -> str:
        """The path of a program that is this script."""
        path = self.create_tempfile(content=f"#!/bin/sh\n{script}\n").full_path
        os.chmod(path, 0o755)
        return path

    @contextmanager
    def leaves_nothing_open(self) -> Iterator[None]:
        """Asserts that this process has the same descriptors before and after."""
        before = sorted(os.listdir("/proc/self/fd"))
        yield
        self.assertEqual(sorted(os.listdir("/proc/self/fd")), before)

    def assert_none_written(self, pipes: list[tuple[int, int]]) -> None:
        """Nothing has come through these pipes, whose reading ends do not block; closes them."""
        for source, sink in pipes:
            with self.assertRaises(BlockingIOError):
                os.read(source, 1)
            os.close(source)
            os.close(sink)
