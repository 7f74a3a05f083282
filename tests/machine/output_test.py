# SPDX-License-Identifier: Apache-2.0
"""Files that are whole or not there."""

import errno
import os
from pathlib import Path

from absl.testing import absltest

from ktstr.machine.output import write_atomically
from ktstr.model.errors import InfraError


class WriteTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path)

    def test_whole_or_not_at_all(self) -> None:
        path = self.root / "below" / "result.pb"
        with self.assertRaises(ValueError), write_atomically(path) as file:
            file.write(b"half")
            raise ValueError
        self.assertEmpty(list(path.parent.iterdir()))
        with write_atomically(path) as file:
            file.write(b"whole")
        self.assertEqual([each.name for each in path.parent.iterdir()], ["result.pb"])

    def test_a_failed_write_keeps_the_file_of_before(self) -> None:
        path = self.root / "result.pb"
        path.write_bytes(b"before")
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        told = self.assertRaisesRegex(InfraError, r"No space left.*free some space")
        with told, write_atomically(path) as file:
            file.write(b"half")
            raise full
        self.assertEqual(path.read_bytes(), b"before")
        self.assertLen(list(self.root.iterdir()), 1)


if __name__ == "__main__":
    absltest.main()
