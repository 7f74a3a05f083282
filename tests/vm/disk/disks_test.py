# SPDX-License-Identifier: Apache-2.0
"""Disks as QEMU arguments, what is refused before QEMU sees it, and the script of a run."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.host.accel import Accel
from ktstr.model.errors import UsageError
from ktstr.model.machine.disk import MAX_DISKS, SERIAL_CHARACTERS, Throttle
from ktstr.model.machine.topology import Topology
from ktstr.vm.command import machine
from ktstr.vm.disk import clones, disks
from ktstr.vm.disk.disks import DiskSpec, Image, ImageFormat
from ktstr.vm.qemu import QemuTree

_AWKWARD = '/templates/it\'s, "quoted"=1/btrfs.qcow2'


def _disk(name: str = "data", **changes: Any) -> DiskSpec:
    fields: dict[str, Any] = {"name": name, "serial": name, "size_bytes": 1 << 28} | changes
    return DiskSpec(template=Path(_AWKWARD), **fields)


def _values(arguments: Sequence[str], option: str) -> list[Any]:
    """The values of every `option`, decoded."""
    pairs = zip(arguments[::2], arguments[1::2], strict=True)
    return [json.loads(value) for name, value in pairs if name == option]


class ArgumentsTest(absltest.TestCase):
    def test_a_clone_stands_on_its_template_which_nothing_writes_to(self) -> None:
        image = Image("/proc/self/fd/9", ImageFormat.QCOW2, _AWKWARD)
        arguments = disks.qemu_arguments([_disk()], [image])
        (node,) = _values(arguments, "-blockdev")
        self.assertEqual(node["file"]["filename"], "/proc/self/fd/9")
        self.assertFalse(node["read-only"])
        self.assertEqual(node["backing"]["file"]["filename"], _AWKWARD)
        self.assertTrue(node["backing"]["read-only"])
        self.assertTrue(node["backing"]["file"]["read-only"])
        (device,) = _values(arguments, "-device")
        self.assertEqual((device["drive"], device["serial"]), (node["node-name"], "data"))
        # a machine that pauses on a full disk would look like a guest that hangs
        self.assertEqual((device["werror"], device["rerror"]), ("report", "report"))

    def test_a_read_only_disk_is_read_only_for_qemu(self) -> None:
        image = Image(_AWKWARD, ImageFormat.QCOW2)
        (node,) = _values(disks.qemu_arguments([_disk(read_only=True)], [image]), "-blockdev")
        self.assertTrue(node["read-only"])
        self.assertTrue(node["file"]["read-only"])
        self.assertNotIn("backing", node)

    def test_a_read_only_disk_is_throttled_read_only(self) -> None:
        disk = _disk(read_only=True, throttle=Throttle(iops=1))
        arguments = disks.qemu_arguments([disk], [Image("/0", ImageFormat.QCOW2)])
        self.assertEqual([True, True], [n["read-only"] for n in _values(arguments, "-blockdev")])

    def test_a_throttle_stands_between_device_and_image(self) -> None:
        throttle = Throttle(iops=100, iops_burst=200, bytes_per_s=1000, bytes_burst=4000)
        images = [Image("/0", ImageFormat.RAW), Image("/1", ImageFormat.RAW)]
        arguments = disks.qemu_arguments([_disk("a"), _disk("b", throttle=throttle)], images)
        plain, image, throttled = _values(arguments, "-blockdev")
        (group,) = _values(arguments, "-object")
        self.assertEqual(
            group["limits"],
            {"iops-total": 100, "iops-total-max": 200, "bps-total": 1000, "bps-total-max": 4000},
        )
        self.assertEqual(throttled["throttle-group"], group["id"])
        self.assertEqual(throttled["file"], image["node-name"])
        self.assertEqual(
            [device["drive"] for device in _values(arguments, "-device")],
            [plain["node-name"], throttled["node-name"]],
        )

    @given(
        st.builds(
            Throttle,
            iops=st.integers(0, 10**9),
            bytes_per_s=st.integers(0, 10**12),
            iops_burst=st.integers(0, 10**9),
            bytes_burst=st.integers(0, 10**12),
        )
    )
    def test_no_limit_is_lost_or_invented(self, throttle: Throttle) -> None:
        limits = disks.limits_of(throttle)
        wanted = (throttle.iops, throttle.bytes_per_s, throttle.iops_burst, throttle.bytes_burst)
        names = ("iops-total", "bps-total", "iops-total-max", "bps-total-max")
        self.assertEqual(tuple(limits.get(name, 0) for name in names), wanted)
        self.assertNotIn(0, limits.values())

    def test_a_clone_may_grow_beyond_its_disk_by_its_tables(self) -> None:
        self.assertEqual(clones.file_bytes_for([]), 0)
        large = 1 << 40
        # a qcow2 of clusters of 64 KiB has 8 bytes of tables and 2 of refcounts for each
        least = large + large // (64 << 10) * 10
        self.assertGreater(clones.file_bytes_for([_disk(size_bytes=large), _disk()]), least)


class RefusalTest(parameterized.TestCase):
    @parameterized.parameters(
        (Throttle(iops=-1), "iops of -1"),
        (Throttle(bytes_per_s=10**15 + 1), "bytes_per_s of 1000000000000001"),
        (Throttle(iops_burst=5), "iops_burst of 5 without iops"),
        (Throttle(bytes_per_s=9, bytes_burst=8), "bytes_burst of 8 is below its bytes_per_s of 9"),
    )
    def test_throttles(self, throttle: Throttle, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            disks.check_disks([_disk(throttle=throttle)])

    def test_names_serials_and_number(self) -> None:
        many = [_disk(f"disk{index}") for index in range(MAX_DISKS + 1)]
        disks.check_disks(many[1:])
        with self.assertRaisesRegex(UsageError, f"{MAX_DISKS + 1} disks asked for"):
            disks.check_disks(many)
        with self.assertRaisesRegex(UsageError, "two disks have the name 'a'"):
            disks.check_disks([_disk("a"), _disk("a", serial="b")])
        with self.assertRaisesRegex(UsageError, "two disks have the serial number 's'"):
            disks.check_disks([_disk("a", serial="s"), _disk("b", serial="s")])
        for serial in ("", "x" * (SERIAL_CHARACTERS + 1), "ä"):
            with self.assertRaisesRegex(UsageError, "virtio-blk takes 1 to 20"):
                disks.check_disks([_disk(serial=serial)])


class ReproducerTest(absltest.TestCase):
    def test_the_script_makes_its_own_overlays(self) -> None:
        spec = machine.MachineSpec(
            qemu=QemuTree(Path("/qemu")),
            kernel=Path("/vmlinux"),
            initramfs=(Path("/a b.cpio"),),
            cmdline=(),
            topology=Topology.parse("1n1l1c1t"),
            memory_mib=256,
            accel=Accel.TCG,
            disks=(_disk(), _disk("fixed", read_only=True)),
        )
        script = machine.reproducer(spec)
        words = shlex.split(script.replace("\\\n", " "), comments=True)
        (create,) = [at for at, word in enumerate(words) if word.endswith("/qemu-img")]
        self.assertEqual(
            words[create + 1 : create + 10],
            ["create", "-q", "-f", "qcow2", "-b", _AWKWARD, "-F", "qcow2", "$work/disk0.qcow2"],
        )
        written, shared = [
            json.loads(words[at + 1]) for at, word in enumerate(words) if word == "-blockdev"
        ]
        # single quotes end before the variable, and begin again behind it
        self.assertEqual(written["file"]["filename"], "$work/disk0.qcow2")
        self.assertIn("'\"$work\"'/disk0.qcow2", script)
        self.assertEqual(shared["file"]["filename"], _AWKWARD)


if __name__ == "__main__":
    absltest.main()
