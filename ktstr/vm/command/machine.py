# SPDX-License-Identifier: Apache-2.0
"""A virtual machine as data, and the QEMU arguments that make it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ktstr.host.accel import Accel
from ktstr.model.machine.topology import Topology
from ktstr.model.wire.mailbox import MAILBOX_BYTES
from ktstr.vm.command import accelerator, shape
from ktstr.vm.command.option import option_value
from ktstr.vm.disk import clones, disks
from ktstr.vm.disk.disks import DiskSpec, Image, ImageFormat
from ktstr.vm.qemu import Arch, QemuTree

# Names of the virtio-serial ports, which the guest finds in /sys/class/virtio-ports.
CONTROL_PORT = "ktstr.control"

# What every guest is booted with. TSC: trusted and not measured against other clocks. CRNG: seeded
# by the CPU, or boot waits for entropy. RCU: expedited, grace periods dominate attaching otherwise.
# printk: without its time stamps what programs print could be taken for the kernel's word.
_BOOT_ARGUMENTS = {
    Arch.X86_64: (
        "console=ttyS0",
        "panic=-1",
        "printk.time=1",
        "tsc=reliable",
        "no_timer_check",
        "random.trust_cpu=on",
        "rcupdate.rcu_expedited=1",
    ),
    # Mitigations: none can be left out of the kernel there, and each entry would pay for them.
    Arch.ARM64: (
        "console=ttyAMA0",
        "panic=-1",
        "printk.time=1",
        "mitigations=off",
        "random.trust_cpu=on",
        "rcupdate.rcu_expedited=1",
    ),
}
# The device tree of a machine of arm64, in the directory of its run.
DEVICE_TREE = "machine.dtb"
# Stands for the reproducer's own directory, in words that are quoted for the shell.
_WORK = "@WORK@"
# Bringing CPUs up in parallel pays below this many of them, and costs above.
_SERIAL_BRINGUP_CPUS = 32


@dataclass(frozen=True)
class MachineSpec:
    """Everything that decides how a guest runs.

    Attributes:
      qemu: the tree to run.
      kernel: a vmlinux with a PVH entry, a bzImage, or an Image of arm64.
      initramfs: newc layers, concatenated in order.
      cmdline: kernel arguments beyond those of `boot_arguments`.
      topology: CPUs, LLCs and nodes.
      memory_mib: memory that the guest needs, divided over the nodes with CPUs.
      accel: how instructions are run.
      seed: of QEMU's own random numbers (the guest's RDRAND among them).
      control: whether a live channel into the guest exists; with it a run is not closed.
      host_is_amd: whether KVM passes an AMD processor through.
      disks: virtio-blk disks, in the order of their PCI slots.
      parks: whether the guest stops where it writes to the pvpanic device, to be saved there.
    """

    qemu: QemuTree
    kernel: Path
    initramfs: tuple[Path, ...]
    cmdline: tuple[str, ...]
    topology: Topology
    memory_mib: int
    accel: Accel
    seed: int = 1
    control: bool = False
    host_is_amd: bool = False
    disks: tuple[DiskSpec, ...] = ()
    parks: bool = False


@dataclass(frozen=True)
class ProbeWiring:
    """Paths for the plugin that looks into the guest: what to watch, and memory for what it sees.

    `hold` is our descriptor of the socket at which it holds the guest; None: it never does.
    """

    watch: Path
    out: str
    hold: int | None = None


@dataclass(frozen=True)
class Wiring:
    """Where QEMU finds and leaves things: paths of files, and chardev descriptions (`-chardev`).

    `memory` has one path per node, `mailbox` is that of the mailbox's memory; None lets QEMU
    allocate the memory itself. `monitor` is a
    chardev without its id, or empty for none, `console` and `frames` likewise. `images` has one per
    disk of the machine. With `incoming` the machine waits for a saved state, a clone of which it
    becomes: it has no kernel to boot, and what it writes does not get into the files of `memory`.
    `probes` is for a guest in virtual time that is looked into, and changes nothing there.
    `device_tree` is a machine's of arm64.
    """

    initramfs: Path
    console: str
    frames: str
    monitor: str = ""
    control: str = ""
    memory: tuple[str, ...] | None = None
    mailbox: str | None = None
    images: tuple[Image, ...] = ()
    incoming: bool = False
    probes: ProbeWiring | None = None
    device_tree: Path | None = None


def boot_arguments(
    topology: Topology, *, quiet: bool = True, arch: Arch = Arch.X86_64
) -> tuple[str, ...]:
    """Kernel arguments that every guest gets, before those of scheduler and test."""
    bringup = ("cpuhp.parallel=0",) if topology.cpus >= _SERIAL_BRINGUP_CPUS else ()
    return (*_BOOT_ARGUMENTS[arch], *(("loglevel=5",) if quiet else ()), *bringup)


def has_device_tree(spec: MachineSpec) -> bool:
    """Whether the machine boots with a device tree that is made for it."""
    return spec.qemu.arch is Arch.ARM64


def stamps_console(spec: MachineSpec) -> bool:
    """Whether the kernel puts its time before each message on the console."""
    return not any(argument.startswith("printk.time") for argument in spec.cmdline)


def command(spec: MachineSpec, wiring: Wiring) -> tuple[str, ...]:
    """The whole command line."""
    arch = spec.qemu.arch
    return spec.qemu.command(
        "-nodefaults",
        "-no-user-config",
        "-no-reboot",
        *("-display", "none"),
        *accelerator.qemu_arguments(
            spec.accel, seed=spec.seed, host_is_amd=spec.host_is_amd, arch=arch
        ),
        *_plugins(spec, wiring.probes),
        *shape.qemu_arguments(
            spec.topology, spec.memory_mib, wiring.memory, copy_on_write=wiring.incoming, arch=arch
        ),
        *(("-bios", "qboot.rom") if arch is Arch.X86_64 else ()),
        *(("-dtb", str(wiring.device_tree)) if wiring.device_tree is not None else ()),
        *(("-incoming", "defer") if wiring.incoming else _boot(spec, wiring.initramfs)),
        *_serial("console", wiring.console),
        *_serial("frames", wiring.frames),
        *_monitor(wiring.monitor),
        *_control(spec, wiring.control),
        *disks.qemu_arguments(spec.disks, wiring.images),
        *(_mailbox(wiring) if arch is Arch.X86_64 else ()),
        # A panic is an event for us; the guest goes on, prints all of it, and reboots, which ends
        # QEMU. Stopping it at the event would lose what the kernel has not printed yet.
        *("-device", "pvpanic-pci", "-action", "panic=pause" if spec.parks else "panic=none"),
    )


def reproducer(spec: MachineSpec) -> str:
    """A shell script that boots the same machine with the console on the terminal."""
    images = [_overlay_image(disk, index) for index, disk in enumerate(spec.disks)]
    wiring = Wiring(
        initramfs=Path(_WORK, "initramfs.cpio"),
        console="stdio,signal=off",
        frames=f"file,path={_WORK}/frames.bin",
        images=tuple(images),
        device_tree=Path(_WORK, DEVICE_TREE) if has_device_tree(spec) else None,
    )
    layers = " ".join(shlex.quote(str(layer)) for layer in spec.initramfs)
    overlays = "".join(
        _quoted_lines(spec.qemu.image_command(*clones.overlay_arguments(disk, image.path))) + "\n"
        for disk, image in zip(spec.disks, images, strict=True)
        if image.backing is not None
    )
    return (
        "#!/bin/sh\n"
        "# Boots the machine of this test again; its console comes to this terminal.\n"
        "set -eu\n"
        "work=$(mktemp -d)\n"
        "trap 'rm -rf \"$work\"' EXIT\n"
        f'cat {layers} > "$work"/initramfs.cpio\n'
        f"{_copied_device_tree(spec)}"
        f"{overlays}"
        f"{_quoted_lines(command(spec, wiring))}\n"
    )


def _copied_device_tree(spec: MachineSpec) -> str:
    """It lies beside the script, which may be run from anywhere."""
    if not has_device_tree(spec):
        return ""
    return f'cp "$(dirname "$0")/{DEVICE_TREE}" "$work"/\n'


def _plugins(spec: MachineSpec, probes: ProbeWiring | None) -> tuple[str, ...]:
    if spec.accel is not Accel.VIRTUAL:
        return ()
    turns = ("-plugin", f"file={option_value(spec.qemu.turns)}")
    if probes is None:
        return turns
    told = [f"file={option_value(spec.qemu.probes)}", f"watch={option_value(probes.watch)}"]
    told.append(f"out={option_value(probes.out)}")
    if probes.hold is not None:
        told.append(f"hold={probes.hold}")
    return (*turns, "-plugin", ",".join(told))


def _boot(spec: MachineSpec, initramfs: Path) -> tuple[str, ...]:
    cmdline = " ".join((*boot_arguments(spec.topology, arch=spec.qemu.arch), *spec.cmdline))
    return ("-kernel", str(spec.kernel), "-initrd", str(initramfs), "-append", cmdline)


def _overlay_image(disk: DiskSpec, index: int) -> Image:
    if disk.read_only:
        return Image(str(disk.template), ImageFormat.QCOW2)
    return Image(f"{_WORK}/disk{index}.qcow2", ImageFormat.QCOW2, str(disk.template))


def _serial(name: str, chardev: str) -> tuple[str, ...]:
    backend, _, options = chardev.partition(",")
    described = f"{backend},id={name}" + (f",{options}" if options else "")
    return ("-chardev", described, "-serial", f"chardev:{name}")


def _monitor(chardev: str) -> tuple[str, ...]:
    if not chardev:
        return ()
    backend, _, options = chardev.partition(",")
    return ("-chardev", f"{backend},id=qmp,{options}", "-mon", "chardev=qmp,mode=control")


def _mailbox(wiring: Wiring) -> tuple[str, ...]:
    """The device in every machine whose memory brings a clone what was not saved with its guest."""
    options = f"id=mailbox,size={MAILBOX_BYTES >> 20}M"
    if wiring.mailbox is None:
        described = f"memory-backend-ram,{options}"
    else:
        sharing = shape.sharing(copy_on_write=wiring.incoming)
        described = (
            f"memory-backend-file,mem-path={option_value(wiring.mailbox)},{options},{sharing}"
        )
    return ("-object", described, "-device", "ivshmem-plain,memdev=mailbox,master=on")


def _control(spec: MachineSpec, chardev: str) -> tuple[str, ...]:
    if not spec.control:
        return ()
    backend, _, options = chardev.partition(",")
    port = f"virtserialport,chardev=control,name={CONTROL_PORT}"
    channel = ("-chardev", f"{backend or 'null'},id=control" + (f",{options}" if options else ""))
    return ("-device", "virtio-serial-pci", *channel, "-device", port)


def _quoted_lines(words: Sequence[str]) -> str:
    """Shell words, one option with its value a line."""
    lines: list[str] = []
    for word in words:
        if word.startswith("-") or not lines or not lines[-1].split()[0].startswith("-"):
            lines.append(_quoted(word))
        else:
            lines[-1] += f" {_quoted(word)}"
    return " \\\n  ".join(lines)


def _quoted(word: str) -> str:
    """The word for the shell, _WORK in it as the script's variable."""
    quoted = shlex.quote(word)
    inside = "'\"$work\"'" if quoted.startswith("'") else '"$work"'
    return quoted.replace(_WORK, inside)
