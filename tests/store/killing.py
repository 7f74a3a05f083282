# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at every line of the store.

A child runs the store under a tracer that kills it when it is about to execute the n-th line of
ktstr/store, for n = 1, 2, ... until a child gets through.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any
from unittest import mock

from absl.testing import parameterized

import ktstr.store
from tests.store.children import Child

_FOLDER = os.path.dirname(ktstr.store.__file__)
# what these operations take is far below it: a child that never gets through would loop for ever
_MOST_LINES = 2000


class KillCase(parameterized.TestCase):
    """Tests that kill the store."""

    def setUp(self) -> None:
        super().setUp()
        # no machine crashes here, and a thousand children would wait for the disk
        self.enter_context(mock.patch.object(os, "fsync"))

    def at_every_line(self, body: Callable[[], object], check: Callable[[], None]) -> int:
        """Runs `body` in children killed at line 1, 2, ..., and `check` after each; how many."""
        for line in range(1, _MOST_LINES):

            def run(line: int = line) -> None:
                _die_at(line)
                body()

            child = Child(run)
            self.addCleanup(child.kill)
            status = child.wait()
            check()
            if status == 0:
                return line
            self.assertEqual(status, -signal.SIGKILL)
        raise AssertionError(f"not done after {_MOST_LINES} lines")


def _die_at(line: int) -> None:
    """Has this process killed at the n-th line of ktstr/store that it executes."""
    left = line

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left
        if os.path.dirname(frame.f_code.co_filename) != _FOLDER:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
