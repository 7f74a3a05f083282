# SPDX-License-Identifier: Apache-2.0
"""Disks: fio's read bandwidth inside the guest by the way a disk is cloned, and a clone's cost.

    tools/bazel run //tests/benchmarks:disks -- [--seconds=4] [--rounds=2] [--accel=tcg]

One guest has the same content three times: as a raw file, as a qcow2 overlay over a compressed
template, and as a reflink clone of the raw file; another overlay is throttled.  They are read in
turns, so that other load on the machine meets all alike.  A reflink needs a file system that shares
blocks: as root, one is mounted for the time of the run and all images lie on it; else the reflink
is left out, and that is said.
Returns 1 when a warm clone takes longer than is promised.
"""

import ctypes
import fcntl
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from absl import app, flags

from ktstr.host.accel import Accel
from ktstr.initramfs import newc
from ktstr.model.errors import InfraError
from ktstr.model.machine.disk import Throttle
from ktstr.model.machine.topology import Topology
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.disk.clones import Cloner, run_qemu_img
from ktstr.vm.disk.disks import DiskSpec
from ktstr.vm.events import Exited, Expired, FrameOutput, Interrupted
from ktstr.vm.qemu import QemuTree
from ktstr.vm.signals import Termination
from ktstr.vm.vm import Vm

_QEMU = flags.DEFINE_string("qemu", None, "The QEMU tree.", required=True)
_VMLINUX = flags.DEFINE_string("vmlinux", None, "The kernel, a PVH ELF.", required=True)
_LAYERS = flags.DEFINE_multi_string("layer", None, "Guest's base and fio.", required=True)
_BTRFS = flags.DEFINE_string("btrfs", None, "An empty btrfs, a qcow2.", required=True)
_SECONDS = flags.DEFINE_integer("seconds", 4, "Of each reading, guest time.", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 2, "Readings of each disk.", lower_bound=1)
_ACCEL = flags.DEFINE_enum_class("accel", Accel.TCG, Accel, "How the guest is run.")

_MIB = 1 << 20
_SIZE = 192 * _MIB
_LIMIT = 32 * _MIB
_MEMORY_MIB = 512
_DEADLINE_S = 600.0
_CLONES = 200
_PROMISED_MS = 30.0
_FICLONE = 0x40049409  # include/uapi/linux/fs.h
_CLONE_NEWNS = 0x20000
_MS_PRIVATE = 0x40000 | 0x4000  # with MS_REC
_END = "the-last-line"
_INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp
/bin/busybox mount -t proc none /proc
/bin/busybox mount -t sysfs none /sys
/bin/busybox mount -t devtmpfs none /dev
/bin/busybox stty -F /dev/ttyS1 raw -echo
exec >/dev/ttyS1 2>&1 </dev/null
{readings}
echo {end}
/bin/busybox reboot -f
"""
_READING = (
    "/payloads/fio/bin/fio --name={name} --filename=/dev/{device} --rw=read --bs=256k --direct=1 "
    "--ioengine=psync --time_based --runtime={seconds} --readonly --output-format=json; echo {mark}"
)
_MARK = "the-reading-ends"


@dataclass(frozen=True)
class _Place:
    """Where the images lie; `shares` is empty, or why no blocks can be shared there."""

    folder: Path
    shares: str


def main(argv: list[str]) -> int:
    """Prints two tables."""
    if len(argv) > 1:
        raise app.UsageError(f"unexpected arguments: {argv[1:]}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        place = stack.enter_context(_place(folder))
        raw, template = place.folder / "raw", place.folder / "template.qcow2"
        _fill(raw)
        _qemu_img("convert", "-c", "-O", "qcow2", str(raw), str(template))
        names = ["raw", "overlay", *(() if place.shares else ("reflink",))]
        disks = [DiskSpec(name, name, template, _SIZE) for name in names]
        limit = Throttle(bytes_per_s=_LIMIT)
        disks.append(DiskSpec("throttled", "throttled", template, _SIZE, throttle=limit))
        cloner = Cloner(lambda disk: _image(disk, raw))
        worst = _clone_costs(disks, cloner, place.folder)
        _bandwidths(_read(disks, cloner, place.folder, folder))
        print(f"  (throttled to {_LIMIT / _MIB:.1f} MiB/s)")
        if place.shares:
            print(f"no reflink: {place.shares}")
    kept = "kept" if worst <= _PROMISED_MS else "broken"
    print(f"promised: a clone in {_PROMISED_MS:.0f} ms; {kept}")
    return int(worst > _PROMISED_MS)


def _image(disk: DiskSpec, raw: Path) -> int:
    """A descriptor of the disk's raw image: the file itself, or a clone that shares its blocks."""
    if disk.name == "raw":
        return os.open(raw, os.O_RDWR | os.O_CLOEXEC)
    if disk.name != "reflink":
        raise InfraError("it is to be an overlay")
    source = os.open(raw, os.O_RDONLY | os.O_CLOEXEC)
    fd = os.open(raw.parent, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.ioctl(fd, _FICLONE, source)
    os.close(source)
    return fd


def _clone_costs(disks: Sequence[DiskSpec], cloner: Cloner, folder: Path) -> float:
    """Prints what a clone takes by its kind; returns the longest median, in ms."""
    print(f"{_CLONES} clones each, ms   {'median':>8} {'worst':>8}")
    worst = 0.0
    for disk in disks[1:]:
        took = []
        for _ in range(_CLONES):
            began = time.perf_counter()
            clone = cloner.clone(disk, folder)
            took.append((time.perf_counter() - began) * 1000)
            assert clone.fd is not None
            os.close(clone.fd)
        median = statistics.median(took)
        worst = max(worst, median)
        print(f"  {disk.name:20} {median:8.3f} {max(took):8.3f}")
    return worst


def _bandwidths(read: dict[str, list[float]]) -> None:
    reference = statistics.median(read["raw"])
    print(f"256 KiB, O_DIRECT, {_ACCEL.value}")
    print(f"fio reads, MiB/s         {'median':>8} {'of raw':>8}")
    for name, values in read.items():
        median = statistics.median(values)
        print(f"  {name:20} {median / _MIB:10.1f} {median / reference:8.2f}", flush=True)


def _read(
    disks: Sequence[DiskSpec], cloner: Cloner, folder: Path, work: Path
) -> dict[str, list[float]]:
    """Bytes a second that fio told, by disk."""
    order = [disk.name for disk in disks] * _ROUNDS.value
    devices = {disk.name: f"vd{'abcd'[index]}" for index, disk in enumerate(disks)}
    readings = "\n".join(
        _READING.format(name=name, device=devices[name], seconds=_SECONDS.value, mark=_MARK)
        for name in order
    )
    layer = work / "init.cpio"
    with layer.open("wb") as out:
        init = _INIT.format(readings=readings, end=_END).encode()
        entries = [newc.file("init", init, mode=0o755), newc.char_device("dev/console", 5, 1)]
        newc.write_layer(entries, out)
    output = _boot(disks, cloner, layer, folder)
    found: dict[str, list[float]] = {disk.name: [] for disk in disks}
    for name, text in zip(order, output.split(_MARK), strict=False):
        job = json.loads(text[text.index("{") : text.rindex("}") + 1])["jobs"][0]
        if job["jobname"] != name or job["error"]:
            raise SystemExit(f"fio failed on {name}: {text}")
        found[name].append(float(job["read"]["bw_bytes"]))
    return found


def _boot(disks: Sequence[DiskSpec], cloner: Cloner, layer: Path, folder: Path) -> str:
    """What the guest wrote to its frames port until it ended."""
    spec = MachineSpec(
        qemu=QemuTree.at(Path(_QEMU.value)),
        kernel=Path(_VMLINUX.value).absolute(),
        initramfs=(*(Path(each).absolute() for each in _LAYERS.value), layer),
        cmdline=(),
        topology=Topology.parse("1n1l1c1t"),
        memory_mib=_MEMORY_MIB,
        accel=_ACCEL.value,
        disks=tuple(disks),
    )
    output = b""
    with Termination() as termination, Vm(spec, folder, termination, cloner=cloner) as vm:
        vm.start()
        vm.deadlines.start("all readings", _DEADLINE_S)
        while True:
            event = vm.next_event()
            if isinstance(event, FrameOutput):
                output += event.data
            if isinstance(event, Exited | Expired | Interrupted):
                break
        text = output.decode(errors="replace")
        if _END not in text:
            raise SystemExit(f"{event}; {text}; console:\n{vm.files.console.read_text()}")
    return text


def _fill(path: Path) -> None:
    """Content that compresses to a half, as that of file systems does."""
    with path.open("wb") as file:
        for _ in range(_SIZE // _MIB):
            file.write(b"".join(os.urandom(2048) + bytes(2048) for _ in range(_MIB // 4096)))


@contextmanager
def _place(folder: Path) -> Iterator[_Place]:
    """A folder on a btrfs of its own, or why that cannot be had."""
    if os.geteuid() != 0:
        yield _Place(folder, "only root can mount a file system for it")
        return
    libc = ctypes.CDLL(None, use_errno=True)
    # the mount, and with it the loop device, goes with this process, however it ends
    private = (None, b"/", None, ctypes.c_ulong(_MS_PRIVATE), None)
    if libc.unshare(_CLONE_NEWNS) or libc.mount(*private):
        yield _Place(folder, f"no mount namespace: {os.strerror(ctypes.get_errno())}")
        return
    image, mounted = folder / "btrfs", folder / "mounted"
    mounted.mkdir()
    _qemu_img("convert", "-O", "raw", _BTRFS.value, str(image))
    command = ["mount", "-o", "loop", str(image), str(mounted)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        yield _Place(folder, f"no btrfs can be mounted: {done.stderr.strip()}")
        return
    try:
        yield _Place(mounted, "")
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


def _qemu_img(*arguments: str) -> None:
    run_qemu_img(QemuTree.at(Path(_QEMU.value)), arguments, pass_fds=(), what="benchmark")


if __name__ == "__main__":
    app.run(main)
