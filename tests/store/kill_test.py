# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at every line of the store leaves no half entry, and no debris after the next run.

A child runs the store under a tracer that kills it when it is about to execute the n-th line of
ktstr/store, for n = 1, 2, ... until a child gets through.
"""

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

from absl.testing import absltest

import ktstr.store
from ktstr.model.errors import InfraError
from ktstr.store import reflink
from ktstr.store.cleaning import clean
from ktstr.store.key import Key
from ktstr.store.owner import Purpose, new_staged
from ktstr.store.store import Store
from tests.store.children import Child

KEY = Key("raw", 1, "noversion")
_FOLDER = os.path.dirname(ktstr.store.__file__)
_CONTENT = b"all of it"
# what these operations take is far below it: a child that never gets through would loop for ever
_MOST_LINES = 2000


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


def _fill(staged: Path) -> None:
    (staged / "image").write_bytes(_CONTENT)


class KillTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path, "store")

    def at_every_line(self, body: Callable[[], object], check: Callable[[], None]) -> int:
        """Runs `body` in children killed at line 1, 2, ..., and `check` after each; how many."""
        for line in range(1, _MOST_LINES):
            before = self.state_outside()

            def run(line: int = line) -> None:
                _die_at(line)
                body()

            child = Child(run)
            self.addCleanup(child.kill)
            status = child.wait()
            check()
            self.assertEqual(self.state_outside(), before)
            if status == 0:
                return line
            self.assertEqual(status, -signal.SIGKILL)
        raise AssertionError(f"not done after {_MOST_LINES} lines")

    def state_outside(self) -> list[str]:
        """What is beside the store, and must not change."""
        return sorted(os.listdir(self.root.parent))

    def whole_or_absent(self) -> bool:
        """Whether there is an entry; the next run has swept everything else."""
        store = Store(self.root)
        self.assertEqual(os.listdir(store.staging.directory), [])
        self.assertLessEqual(set(os.listdir(store.entries)), {str(KEY)})
        entry = store.lookup(KEY)
        if entry is None:
            self.assertEmpty(os.listdir(store.entries))
            return False
        with entry:
            self.assertEqual(entry.file("image").read_bytes(), _CONTENT)
        return True

    def test_publisher(self) -> None:
        self.root.mkdir(mode=0o700)
        outcomes = []

        def check() -> None:
            outcomes.append(self.whole_or_absent())
            clean(Store(self.root), -1)

        self.at_every_line(lambda: Store(self.root).publish(KEY, _fill), check)
        # killed before the rename there is none, after it there is one, and never again none
        self.assertEqual(outcomes, sorted(outcomes))
        self.assertEqual(set(outcomes), {False, True})

    def test_publisher_who_loses(self) -> None:
        Store(self.root).publish(KEY, _fill).close()

        def lose() -> None:
            with Store(self.root).publish(KEY, _fill) as entry:
                assert entry.file("image").read_bytes() == _CONTENT

        self.at_every_line(lose, lambda: self.assertTrue(self.whole_or_absent()))

    def test_publisher_who_replaces_a_damaged_entry(self) -> None:
        def harm() -> None:
            store = Store(self.root)
            store.publish(KEY, _fill).close()
            (store.entries / str(KEY) / "image").unlink()

        harm()
        outcomes = []

        def check() -> None:
            store = Store(self.root)
            self.assertEqual(os.listdir(store.staging.directory), [])
            entry = store.lookup(KEY)
            outcomes.append(entry is not None)
            if entry is not None:
                with entry:
                    self.assertEqual(entry.file("image").read_bytes(), _CONTENT)
            clean(store, -1)
            harm()

        self.at_every_line(lambda: Store(self.root).publish(KEY, _fill), check)
        self.assertEqual(set(outcomes), {False, True})

    def test_cleaner(self) -> None:
        Store(self.root).publish(KEY, _fill).close()
        outcomes = []

        def check() -> None:
            outcomes.append(self.whole_or_absent())
            Store(self.root).publish(KEY, _fill).close()

        self.at_every_line(lambda: clean(Store(self.root), -1), check)
        self.assertEqual(outcomes, sorted(outcomes, reverse=True))
        self.assertEqual(set(outcomes), {False, True})

    def test_sweeper(self) -> None:
        Store(self.root).publish(KEY, _fill).close()

        def litter() -> None:
            with Store(self.root).staging.make_directory(Purpose.PUBLISH) as staged:
                _fill(staged)
                (self.root / "staging" / str(new_staged(Purpose.CLONE))).touch()
                os.kill(os.getpid(), signal.SIGKILL)

        def make_litter() -> None:
            child = Child(litter)
            self.addCleanup(child.kill)
            self.assertEqual(child.wait(), -signal.SIGKILL)
            self.assertLen(os.listdir(self.root / "staging"), 2)

        def check() -> None:
            self.assertTrue(self.whole_or_absent())
            make_litter()

        make_litter()
        self.at_every_line(lambda: Store(self.root), check)

    def test_cloner_that_needs_a_name(self) -> None:
        """Without O_TMPFILE (NFS) a clone has a name for a moment.

        Cloning itself is refused where the test runs, or not: neither may leave the name behind.
        """
        Store(self.root).publish(KEY, _fill).close()
        no_tmpfile = OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

        def clone() -> None:
            store = Store(self.root)
            entry = store.lookup(KEY)
            assert entry is not None
            with entry, mock.patch.object(reflink, "_nameless_file", side_effect=no_tmpfile):
                try:
                    os.close(reflink.clone_file(entry.file("image"), store.staging.directory))
                except InfraError as error:
                    assert "refuses to share blocks" in str(error), error

        self.at_every_line(clone, lambda: self.assertTrue(self.whole_or_absent()))


if __name__ == "__main__":
    absltest.main()
