# SPDX-License-Identifier: Apache-2.0
"""A guest that cannot park says why; what makes a clone one of its own is in the kernel's form."""

from __future__ import annotations

import fcntl
import io
import os
import select
import struct
import subprocess
import sys
import time
import tty
from pathlib import Path
from unittest import mock

from absl.testing import absltest

from ktstr.guest.start import adopt, hello, parking
from ktstr.guest.start.mailbox import Mailbox
from ktstr.guest.system import bell
from ktstr.guest.system.pci import find_device
from ktstr.initramfs import newc
from ktstr.model import plan, start
from ktstr.model.errors import InfraError
from ktstr.model.wire.frames import Frame, FrameReader, FrameType
from ktstr.model.wire.mailbox import PAGE, head

_PATIENCE_S = 30.0


class FindDeviceTest(absltest.TestCase):
    def setUp(self) -> None:
        self.devices = Path(self.create_tempdir().full_path)

    def _add(self, slot: str, vendor: str, device: str) -> Path:
        where = self.devices / slot
        where.mkdir()
        (where / "vendor").write_text(f"{vendor}\n")
        (where / "device").write_text(f"{device}\n")
        return where

    def _found(self) -> Path:
        return find_device(self.devices, ("0x1b36", "0x0011"), "pvpanic")

    def test_finds_the_one_among_others(self) -> None:
        self._add("0000:00:00.0", "0x8086", "0x29c0")
        self._add("0000:00:01.0", "0x1b36", "0x000d")
        wanted = self._add("0000:00:02.0", "0x1b36", "0x0011")
        self.assertEqual(self._found(), wanted)

    def test_says_what_there_is_instead(self) -> None:
        self._add("0000:00:00.0", "0x8086", "0x29c0")
        with self.assertRaisesRegex(InfraError, "0x1b36:0x0011.*pvpanic.*has 0x8086:0x29c0"):
            self._found()

    def test_a_machine_without_pci_says_so(self) -> None:
        with self.assertRaisesRegex(InfraError, "cannot park.*has none"):
            bell.Bell.of_machine(self.devices / "missing")

    def test_a_register_that_cannot_be_mapped_names_its_device(self) -> None:
        where = self._add("0000:00:02.0", "0x1b36", "0x0011")
        (where / "resource").write_text("0x00000000febf1800 0x00000000febf1801 0x40200\n")
        with self.assertRaisesRegex(
            InfraError, "cannot park: the pvpanic device .*02.0.*resource0"
        ):
            bell.Bell.of_machine(self.devices)

    def test_rings_behind_the_start_of_the_page(self) -> None:
        where = self._add("0000:00:02.0", "0x1b36", "0x0011")
        (where / "resource").write_text("0x00000000febf1800 0x00000000febf1801 0x40200\n")
        (where / "resource0").write_bytes(bytes(4096))
        bell.Bell.of_machine(self.devices).ring()
        written = (where / "resource0").read_bytes()
        self.assertEqual(written[0x800], 1)
        self.assertEqual(sum(written), 1)


class RunCloneTest(absltest.TestCase):
    def _said(self, machine: mock.Mock, brought: bytes = b"") -> list[Frame]:
        """What a guest says whose mailbox holds `brought`."""
        memory = self.create_tempfile(content=brought.ljust(PAGE, b"\0"), mode="wb").full_path
        host, guest = os.openpty()
        tty.setraw(guest)
        with (
            mock.patch.object(Mailbox, "of_machine", lambda: Mailbox(Path(memory))),
            mock.patch.object(bell.Bell, "of_machine", machine),
            mock.patch.object(parking, "rewind"),
        ):
            self.assertEqual(parking.run_clone(guest), 1)
        reader = FrameReader()
        frames: list[Frame] = []
        # what was written comes out in pieces, and on a busy machine not all of it at once
        while not frames or frames[-1].type != FrameType.END:
            self.assertTrue(select.select([host], [], [], _PATIENCE_S)[0], frames)
            items = reader.feed(os.read(host, 1 << 16))
            frames += [item for item in items if isinstance(item, Frame)]
        os.close(host)
        os.close(guest)
        return frames

    def test_a_guest_that_cannot_park_ends_with_the_reason_and_no_hello(self) -> None:
        said = self._said(mock.Mock(side_effect=InfraError("cannot park: no device")))
        self.assertEqual([frame.type for frame in said], [FrameType.LOG, FrameType.END])
        self.assertEqual(said[-1].body["agent_error"], "InfraError: cannot park: no device")

    def test_a_guest_that_goes_on_with_an_empty_mailbox_says_so(self) -> None:
        said = self._said(mock.Mock())
        self.assertEqual(
            [(frame.type, frame.seq) for frame in said],
            [(FrameType.HELLO, 0), (FrameType.LOG, 0), (FrameType.END, 1)],
        )
        self.assertEqual(said[0].body["plan_digest"], "")
        self.assertRegex(said[-1].body["agent_error"], "the mailbox is empty")

    def test_a_guest_that_is_given_no_start_does_not_run_as_the_saved_one(self) -> None:
        out = io.BytesIO()
        newc.write_layer([newc.file("ktstr/plan.json", b"{}")], out)
        layer = out.getvalue()
        said = self._said(mock.Mock(), head(len(layer), 0) + layer)
        self.assertRegex(said[-1].body["agent_error"], "the clone has no /ktstr/start.json")

    def test_the_plan_is_the_tests_own_whatever_other_layers_hold(self) -> None:
        out = io.BytesIO()
        files = {"ktstr/start.json": b"{}", "ktstr/plan.json": b"a plan"}
        newc.write_layer([newc.file(*each) for each in files.items()], out)
        self.assertEqual(parking._plan(memoryview(out.getvalue())), b"a plan")


class HelloTest(absltest.TestCase):
    def test_of_a_clone_is_that_of_its_guest_with_the_plan(self) -> None:
        without = hello.hello_text(hello.hello_body(b"") | {"cmdline": 'a="plan_digest":"" b'})
        self.assertEqual(
            parking.with_plan(without, b"a plan"),
            hello.hello_text(hello.hello_body(b"a plan") | {"cmdline": 'a="plan_digest":"" b'}),
        )


class RewindTest(absltest.TestCase):
    def test_leaves_watchdogs_as_they_are_set(self) -> None:
        switch = Path(self.create_tempfile("watchdog", "1\n").full_path)
        parking.rewind(switch)
        self.assertEqual(switch.read_text(), "1")
        switch.write_text("0\n")
        parking.rewind(switch)
        self.assertEqual(switch.read_text(), "0\n")

    def test_does_without_a_watchdog(self) -> None:
        folder = Path(self.create_tempdir().full_path)
        parking.rewind(folder / "watchdog")
        self.assertEmpty(list(folder.iterdir()))


class AdoptTest(absltest.TestCase):
    def test_numbers_are_those_of_the_kernels_headers(self) -> None:
        write, size = 1, struct.calcsize("2i")
        self.assertEqual(adopt.RNDADDENTROPY, write << 30 | size << 16 | ord("R") << 8 | 3)
        self.assertEqual(adopt.RNDRESEEDCRNG, ord("R") << 8 | 7)

    def test_every_bit_is_credited(self) -> None:
        entropy = bytes(range(start.ENTROPY_BYTES))
        info = adopt.pool_info(entropy)
        self.assertEqual(struct.unpack_from("=ii", info), (512, 64))
        self.assertEqual(info[8:], entropy)

    def _wall_ns(self, shown_ns: int) -> int:
        """What the wall clock is set to where it shows `shown_ns` and the host wrote 2000 ns."""
        text = start.GuestStart("00" * start.ENTROPY_BYTES, "guest", 2000).to_json()
        with (
            mock.patch.object(adopt, "open", mock.mock_open(), create=True),
            mock.patch.object(fcntl, "ioctl"),
            mock.patch.object(time, "time_ns", return_value=shown_ns),
            mock.patch.object(time, "clock_settime_ns") as set_to,
        ):
            adopt.adopt(text.encode())
        return int(set_to.call_args.args[1])

    def test_wall_clock_is_never_set_back(self) -> None:
        self.assertEqual(self._wall_ns(1000), 2000)
        self.assertEqual(self._wall_ns(3000), 3000)


class ModulesTest(absltest.TestCase):
    def test_no_module_of_the_saved_guest_has_random_numbers_of_its_own(self) -> None:
        names = ["ktstr.guest.start.parking", *parking._MODULES]
        program = f"import {', '.join(names)}, sys; print(*sys.modules)"
        done = subprocess.run(
            [sys.executable, "-S", "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        # `adopt` seeds random anew; these draw when they are imported or first used
        own = {"tempfile", "uuid", "secrets", "multiprocessing.process", "email.utils"}
        self.assertIn("random", done.stdout.split())
        self.assertEmpty(own.intersection(done.stdout.split()))


class PathsTest(absltest.TestCase):
    def test_are_those_that_the_host_writes(self) -> None:
        self.assertEqual(hello.PLAN, plan.PLAN_PATH)
        self.assertEqual(hello.START, start.START_PATH)
        self.assertEqual(hello.TEMPLATE, start.TEMPLATE_PATH)


if __name__ == "__main__":
    absltest.main()
