# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at every line of the store leaves no half entry, and no debris after the next run."""

import os
import signal
from pathlib import Path

from absl.testing import absltest

from ktstr.store.cleaning import clean
from ktstr.store.key import Key
from ktstr.store.owner import Purpose, new_staged
from ktstr.store.store import Store
from tests.store.children import Child
from tests.store.killing import KillCase

KEY = Key("raw", 1, "noversion")
_CONTENT = b"all of it"


def _fill(staged: Path) -> None:
    (staged / "image").write_bytes(_CONTENT)


class KillTest(KillCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path, "store")

    def whole_or_absent(self) -> bool:
        """Whether there is an entry; the next run has swept everything else."""
        self.assertEqual(os.listdir(self.root.parent), [self.root.name])
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
                (self.root / "staging" / str(new_staged(Purpose.REMOVE))).touch()
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


if __name__ == "__main__":
    absltest.main()
