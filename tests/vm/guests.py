# SPDX-License-Identifier: Apache-2.0
"""Boots guests for the tests of this folder: a kernel, perhaps with a fault in, and an init."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from absl import flags

from ktstr.host.accel import Accel
from ktstr.model.machine.topology import Topology
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.events import ConsoleOutput, Event, Exited, FrameOutput, MachineEvent
from ktstr.vm.qemu import QemuTree
from ktstr.vm.saved.template import Template
from ktstr.vm.signals import Termination
from ktstr.vm.vm import OUTPUT_BYTES, Listener, Vm
from tests.vm.faulty_kernel import Fault, with_fault

_QEMU = flags.DEFINE_string("qemu", None, "The QEMU tree.", required=True)
_VMLINUX = flags.DEFINE_string("vmlinux", None, "The kernel, a PVH ELF.", required=True)
_LAYERS = flags.DEFINE_multi_string("layer", [], "Initramfs layers, one with init.")

_MEMORY_MIB = 256
# Many times what a boot takes on an idle machine: only a hang gets there.
PATIENCE_S = 200.0


def arguments() -> list[str]:
    """The flags of this program, for another one that boots guests."""
    layers = [f"--layer={layer}" for layer in _LAYERS.value]
    return [f"--qemu={_QEMU.value}", f"--vmlinux={_VMLINUX.value}", *layers]


def qemu() -> QemuTree:
    """The tree under test."""
    return QemuTree.at(Path(_QEMU.value))


@dataclass(frozen=True)
class Run:
    """What a guest left behind when it had ended by itself."""

    console: str
    frames: bytes
    exited: Exited
    events: tuple[str, ...]


def spec(
    *arguments: str,
    kernel: Path | None = None,
    topology: str = "1n1l2c1t",
    accel: Accel = Accel.VIRTUAL,
    control: bool = False,
) -> MachineSpec:
    """A machine with the flags' kernel and layers."""
    return MachineSpec(
        qemu=qemu(),
        kernel=kernel or Path(_VMLINUX.value).absolute(),
        initramfs=tuple(Path(layer).absolute() for layer in _LAYERS.value),
        cmdline=arguments,
        topology=Topology.parse(topology),
        memory_mib=_MEMORY_MIB,
        accel=accel,
        control=control,
    )


@contextmanager
def started(
    machine: MachineSpec,
    output_bytes: int = OUTPUT_BYTES,
    template: Template | None = None,
    brings: Sequence[Path] = (),
    listeners: Sequence[Listener] = (),
) -> Iterator[Vm]:
    """A guest that is booting, or a clone, in a directory of its own that goes with it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Termination() as termination,
        Vm(
            machine,
            Path(folder),
            termination,
            output_bytes=output_bytes,
            template=template,
            brings=brings,
            listeners=listeners,
        ) as vm,
    ):
        vm.start()
        yield vm


def run_command_file(machine: MachineSpec) -> subprocess.CompletedProcess[str]:
    """Boots what the qemu.cmd of a machine boots, once that machine has gone."""
    with started(machine) as vm:
        command = vm.files.command.read_text()
    return subprocess.run(
        ["/bin/sh", "-c", command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def events_of(vm: Vm) -> Iterator[Event]:
    """All events up to and with QEMU's end."""
    while True:
        event = vm.next_event()
        yield event
        if isinstance(event, Exited):
            return


def until(vm: Vm, text: str) -> None:
    """Takes events until the console has shown `text`."""
    seen = b""
    for event in events_of(vm):
        if isinstance(event, ConsoleOutput):
            seen += event.data
            if text.encode() in seen:
                return
    raise AssertionError(f"{text!r} was never on the console: {seen[-2000:]!r}")


def run(machine: MachineSpec) -> Run:
    """Boots and waits until the guest has ended by itself.

    Raises:
      AssertionError: it was still running after PATIENCE_S.
    """
    console, frames, names = b"", b"", []
    with started(machine) as vm:
        vm.deadlines.start("guest", PATIENCE_S)
        for event in events_of(vm):
            match event:
                case ConsoleOutput(data):
                    console += data
                case FrameOutput(data):
                    frames += data
                case MachineEvent(name):
                    names.append(name)
                case Exited():
                    return Run(console.decode(errors="replace"), frames, event, tuple(names))
                case _:
                    raise AssertionError(f"{event}; console: {console[-2000:]!r}")
    raise AssertionError("no end")


@contextmanager
def faulty_kernel(fault: Fault) -> Iterator[Path]:
    """A copy of the kernel with a fault in."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "vmlinux")
        path.write_bytes(with_fault(Path(_VMLINUX.value), fault))
        yield path
