# SPDX-License-Identifier: Apache-2.0
"""The guest finds its mailbox among the machine's devices, and reads what lies in it."""

from __future__ import annotations

import os
from pathlib import Path

from absl.testing import absltest

from ktstr.guest.start.mailbox import Mailbox
from ktstr.model.errors import InfraError
from ktstr.model.wire.mailbox import PAGE, head


class MailboxTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.devices = Path(self.create_tempdir().full_path)
        self.device = self.devices / "0000:00:03.0"
        self.device.mkdir()
        (self.device / "vendor").write_text("0x1af4\n")
        (self.device / "device").write_text("0x1110\n")
        (self.device / "enable").write_text("0\n")
        self.memory = self.device / "resource2"
        self.memory.write_bytes(bytes(4 * PAGE))

    def test_what_is_put_in_after_it_was_mapped_is_seen(self) -> None:
        mailbox = Mailbox.of_machine(self.devices)
        self.assertEqual((self.device / "enable").read_text(), "1")
        with self.memory.open("r+b") as file:
            file.write(head(10, 6) + b"others" + b"mine")
        whole, own = mailbox.layers()
        self.assertEqual((bytes(whole), bytes(own)), (b"othersmine", b"mine"))

    def test_nothing_of_it_is_left(self) -> None:
        before = sorted(os.listdir("/proc/self/fd"))
        mailbox = Mailbox.of_machine(self.devices)
        with self.memory.open("r+b") as file:
            file.write(head(10, 6) + b"others" + b"mine")
        whole, own = mailbox.layers()
        self.assertIn(str(self.memory), Path("/proc/self/maps").read_text())
        whole.release()
        own.release()
        mailbox.close()
        self.assertNotIn(str(self.memory), Path("/proc/self/maps").read_text())
        self.assertEqual(before, sorted(os.listdir("/proc/self/fd")))

    def test_an_empty_one(self) -> None:
        with self.assertRaisesRegex(InfraError, "the mailbox is empty"):
            Mailbox.of_machine(self.devices).layers()

    def test_a_damaged_one(self) -> None:
        mailbox = Mailbox.of_machine(self.devices)
        with self.memory.open("r+b") as file:
            file.write(head(10, 6)[:-1].replace(b"KTMBOX2", b"KTMBOX3"))
        with self.assertRaisesRegex(InfraError, "the mailbox is damaged: CRC|it starts with"):
            mailbox.layers()

    def test_layers_that_go_beyond_the_device(self) -> None:
        mailbox = Mailbox.of_machine(self.devices)
        with self.memory.open("r+b") as file:
            file.write(head(5 * PAGE, 0))
        with self.assertRaisesRegex(InfraError, "cannot map 20480 bytes of the mailbox"):
            mailbox.layers()

    def test_a_machine_without_says_what_it_has(self) -> None:
        (self.device / "device").write_text("0x1041\n")
        with self.assertRaisesRegex(InfraError, "0x1af4:0x1110.*ivshmem-plain.*0x1af4:0x1041"):
            Mailbox.of_machine(self.devices)

    def test_a_device_that_cannot_be_mapped_is_named(self) -> None:
        self.memory.unlink()
        with self.assertRaisesRegex(InfraError, "cannot park: the mailbox's device .*03.0.*resour"):
            Mailbox.of_machine(self.devices)


if __name__ == "__main__":
    absltest.main()
