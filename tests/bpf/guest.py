# SPDX-License-Identifier: Apache-2.0
"""Runs a shell script as PID 1 of a fresh guest in virtual time: what tests of schedulers boot."""

from __future__ import annotations

import tempfile
from pathlib import Path

from absl import flags

from ktstr.host.accel import Accel
from ktstr.initramfs import newc
from ktstr.model.machine.topology import Topology
from ktstr.vm.command import machine
from ktstr.vm.process import Process
from ktstr.vm.qemu import QemuTree

_QEMU = flags.DEFINE_string("qemu", None, "The QEMU tree.", required=True)
_VMLINUX = flags.DEFINE_string("vmlinux", None, "The kernel, a PVH ELF.", required=True)
_LAYERS = flags.DEFINE_multi_string("layer", [], "Initramfs layers, one with bin/busybox.")

_MEMORY_MIB = 512
_END = "script-ended"
_INIT = f"""#!/bin/busybox sh
busybox mkdir -p /proc /sys /dev /tmp
busybox mount -t proc none /proc
busybox mount -t sysfs none /sys
busybox mount -t devtmpfs none /dev
busybox mount -t cgroup2 none /sys/fs/cgroup
busybox --install -s /bin
export PATH=/bin
stty -F /dev/ttyS1 raw -echo
exec >/dev/ttyS1 2>&1 </dev/null
sh /script
echo "{_END} status=$?"
reboot -f
"""


class GuestError(Exception):
    """The script did not run to its end; the text holds its output and the end of the console."""


def run_script(script: str, *, topology: str = "1n1l2c1t", deadline_s: int = 300) -> str:
    """Boots, runs `script` and returns what it wrote to its standard output and error.

    The script runs under busybox's shell with /proc, /sys, /dev and cgroup v2 mounted, and with the
    files of the layers that --layer names.

    Raises:
      GuestError: the guest ended before the script, or was still running after `deadline_s`.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        initramfs, console, output = folder / "initramfs", folder / "console", folder / "output"
        _write_initramfs(initramfs, script)
        spec = machine.MachineSpec(
            qemu=QemuTree.at(Path(_QEMU.value)),
            kernel=Path(_VMLINUX.value),
            initramfs=(),
            cmdline=(),
            topology=Topology.parse(topology),
            memory_mib=_MEMORY_MIB,
            accel=Accel.VIRTUAL,
        )
        wiring = machine.Wiring(initramfs, f"file,path={console}", f"file,path={output}")
        with (folder / "qemu.log").open("wb") as log:
            qemu = Process.start(machine.command(spec, wiring), output=log)
            ended = qemu.wait(deadline_s) is not None
            qemu.close()
        text = _text(output)
        if _END not in text:
            how = "ended before its script" if ended else f"was still running after {deadline_s} s"
            raise GuestError(
                f"the guest {how}\n{_text(folder / 'qemu.log')}\noutput:\n{text}\n"
                f"end of the console:\n{_text(console)[-4000:]}"
            )
        return text.replace("\r", "")


def _write_initramfs(path: Path, script: str) -> None:
    with path.open("wb") as out:
        newc.concatenate([Path(layer) for layer in _LAYERS.value], out)
        # Last, for the later layer wins: the base layer has an init of its own.
        entries = [
            newc.file("init", _INIT.encode(), mode=0o755),
            newc.file("script", script.encode()),
            newc.char_device("dev/console", 5, 1),
        ]
        newc.write_layer(entries, out)


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""
