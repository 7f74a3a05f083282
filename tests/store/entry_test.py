# SPDX-License-Identifier: Apache-2.0
"""An entry in use gives its files by name, and keeps cleaning away until it is closed."""

from pathlib import Path

from absl.testing import absltest

from ktstr.model.errors import InfraError
from ktstr.store.key import Key
from ktstr.store.store import Store

_KEY = Key("btrfs", 1, "deadbeef")


def _fill(staged: Path) -> None:
    for name in ("image", "notes"):
        (staged / name).write_bytes(b"one")


class EntryTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.store = Store(Path(self.create_tempdir().full_path, "store"))

    def test_a_file_that_it_has_not_is_refused_with_those_that_it_has(self) -> None:
        with self.store.publish(_KEY, _fill) as entry:
            self.assertEqual(entry.file("notes").read_bytes(), b"one")
            with self.assertRaisesRegex(InfraError, "has no file 'imagf'; it has image, notes"):
                entry.file("imagf")

    def test_it_may_be_closed_again(self) -> None:
        with self.store.publish(_KEY, _fill) as entry:
            entry.close()
        entry.close()
        found = self.store.lookup(_KEY)
        assert found is not None
        found.close()


if __name__ == "__main__":
    absltest.main()
