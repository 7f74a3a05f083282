# SPDX-License-Identifier: Apache-2.0
"""The files of one run: what QEMU reads, what it writes, and the guest's memory."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from ktstr.initramfs import newc
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.wire import mailbox
from ktstr.vm.arm64.capacities import described
from ktstr.vm.command import machine, shape
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.disk.clones import Clone, Cloner
from ktstr.vm.saved.template import Template

_LOG_TAIL = 2000
# Less than this and writes may have failed already: QEMU drops what it cannot write.
_FULL_BYTES = 1 << 16


class RunDirectory:
    """A directory of one run. The outputs stay; memory and the disks' clones go with `close`."""

    def __init__(self, root: Path, spec: MachineSpec) -> None:
        self._spec = spec
        self.memory: list[int] = []
        self.mailbox: int | None = None
        self.probes: int | None = None
        self.clones: list[Clone] = []
        self.root = root.absolute()
        self.console = self.root / "console.log"
        self.frames = self.root / "frames.bin"
        self.log = self.root / "qemu.log"
        self.command = self.root / "qemu.cmd"
        self.initramfs = self.root / "initramfs.cpio"
        self.control = self.root / "control.sock"
        self.watch = self.root / "probes.cfg"
        self.device_tree: Path | None = None
        if machine.has_device_tree(spec):
            self.device_tree = self.root / machine.DEVICE_TREE

    def prepare(self, template: Template | None = None) -> None:
        """Writes the initramfs, the command file and empty outputs.

        A clone of a template has no initramfs, and its console begins with the template's.

        Raises:
          InfraError: a file cannot be written, e.g. because the disk is full.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            if template is None:
                with self.initramfs.open("wb") as out:
                    newc.concatenate(self._spec.initramfs, out)
            if self.device_tree is not None:
                topology = self._spec.topology
                plain = self._spec.qemu.device_tree(topology.cpus).read_bytes()
                self.device_tree.write_bytes(described(plain, topology))
            self.command.write_text(machine.reproducer(self._spec))
            self.command.chmod(0o755)
            self.console.write_bytes(b"" if template is None else template.console.read_bytes())
            self.frames.write_bytes(b"")
        except OSError as error:
            raise _explained(error, self.root) from None

    def create_memory(self) -> list[int]:
        """One shared memory file per NUMA node, as file descriptors.

        They have no name, so nothing is left behind however we end, and they outlive QEMU, so the
        guest's memory can still be read after it was killed.
        """
        for node, size in enumerate(shape.node_memory(self._spec.topology, self._spec.memory_mib)):
            fd = os.memfd_create(f"ktstr-node{node}")
            self.memory.append(fd)
            os.truncate(fd, size << 20)
        return self.memory

    def create_mailbox(self, layers: Sequence[Path] = ()) -> int:
        """The memory of a mailbox, as the descriptor of a file without a name.

        It holds `layers`, the test's own the last of them; all else is a hole.

        Raises:
          UsageError: the layers are too large for a mailbox.
          InfraError: it cannot be written, e.g. because the disk is full.
        """
        size = sum(layer.stat().st_size for layer in layers)
        if size > mailbox.capacity():
            raise UsageError(
                f"layers of {size} bytes are too many for a guest's mailbox, which takes "
                f"{mailbox.capacity()}"
            )
        path = self.root / "mailbox.bin"
        try:
            with path.open("w+b") as out:
                path.unlink()
                if layers:
                    out.write(mailbox.head(size, size - layers[-1].stat().st_size))
                    newc.concatenate(layers, out)
                out.truncate(mailbox.MAILBOX_BYTES)
                self.mailbox = os.dup(out.fileno())
        except OSError as error:
            raise _explained(error, self.root) from None
        return self.mailbox

    def create_probes(self, watch: bytes) -> int:
        """Writes what the plugin is to watch; the memory for what it sees, as a descriptor.

        It has no name and outlives QEMU, as the guest's memory does; the plugin makes it as large
        as the watch says.

        Raises:
          InfraError: it cannot be written, e.g. because the disk is full.
        """
        try:
            self.watch.write_bytes(watch)
            self.probes = os.memfd_create("ktstr-probes")
        except OSError as error:
            raise _explained(error, self.root) from None
        return self.probes

    def clone_disks(self, cloner: Cloner) -> list[Clone]:
        """One private clone for each disk of the machine, gone with `close` or with this process.

        Raises:
          InfraError: a clone cannot be made.
        """
        for disk in self._spec.disks:
            self.clones.append(cloner.clone(disk, self.root))
        return self.clones

    def free_bytes(self) -> int:
        """What the file system of the outputs has left: 0 explains outputs that end abruptly."""
        status = os.statvfs(self.root)
        return status.f_bavail * status.f_frsize

    def is_full(self) -> bool:
        """Whether so little is left that output may be missing."""
        return self.free_bytes() < _FULL_BYTES

    def log_tail(self) -> str:
        """The end of what QEMU printed."""
        try:
            return self.log.read_bytes()[-_LOG_TAIL:].decode(errors="replace").strip()
        except OSError:
            return ""

    def close(self) -> None:
        """Gives back the guest's memory and disks, and removes what only QEMU needed."""
        for fd in self.memory:
            os.close(fd)
        self.memory = []
        if self.mailbox is not None:
            os.close(self.mailbox)
            self.mailbox = None
        if self.probes is not None:
            os.close(self.probes)
            self.probes = None
        for clone in self.clones:
            if clone.fd is not None:
                os.close(clone.fd)
        self.clones = []
        for path in (self.initramfs, self.control, self.watch):
            path.unlink(missing_ok=True)


def _explained(error: OSError, root: Path) -> InfraError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return InfraError(
            f"no space left under {root} for the files of a run (initramfs, console, frames); "
            f"free some, or point TEST_TMPDIR elsewhere (--test_tmpdir)"
        )
    return InfraError(f"cannot prepare a run in {root}: {error}")
