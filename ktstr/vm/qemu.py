# SPDX-License-Identifier: Apache-2.0
"""The QEMU tree that a build action made: program, libraries, firmware, and how to run it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ktstr.model.errors import InfraError


class Arch(Enum):
    """The architecture of machines, by QEMU's name."""

    X86_64 = "x86_64"
    ARM64 = "aarch64"


@dataclass(frozen=True)
class QemuTree:
    """A directory with bin/ (QEMU for the machines of `arch`), lib/ (its own loader) and share/."""

    root: Path
    arch: Arch = Arch.X86_64

    @classmethod
    def at(cls, root: Path) -> QemuTree:
        """The tree in `root`.

        Raises:
          InfraError: a file that every start needs is not there.
        """
        native = cls(root.absolute())
        other = cls(root.absolute(), Arch.ARM64)
        tree = other if other.program.is_file() else native
        needed = (tree.loader, tree.program, tree.image_program, tree.turns)
        for path in (*needed, *((tree.qboot,) if tree is native else ())):
            if not path.is_file():
                raise InfraError(
                    f"QEMU tree {root} lacks {path.relative_to(tree.root)}; "
                    f"expected the output of //tools/qemu:qemu"
                )
        return tree

    @property
    def loader(self) -> Path:
        """The dynamic loader of the tree, so that nothing of the host's libraries is used."""
        return self.root / "lib" / "ld-linux-x86-64.so.2"

    @property
    def program(self) -> Path:
        """QEMU itself."""
        return self.root / "bin" / f"qemu-system-{self.arch.value}"

    @property
    def share(self) -> Path:
        """Firmware: qboot.rom and the option ROMs that load a kernel."""
        return self.root / "share"

    @property
    def qboot(self) -> Path:
        """The firmware of a machine with a kernel of its own."""
        return self.share / "qboot.rom"

    def device_tree(self, cpus: int) -> Path:
        """What QEMU gives its machine `virt` of arm64, with so many CPUs that are all alike."""
        return self.share / f"virt-{cpus}.dtb"

    @property
    def turns(self) -> Path:
        """The plugin that keeps the main loop out of virtual time while a vCPU runs."""
        return self.root / "lib" / "turns.so"

    @property
    def probes(self) -> Path:
        """The plugin that looks into guests; guests run without it where it is not there."""
        return self.root / "lib" / "probes.so"

    @property
    def image_program(self) -> Path:
        """qemu-img, which makes and converts disk images."""
        return self.root / "bin" / "qemu-img"

    def command(self, *arguments: str) -> tuple[str, ...]:
        """The command line that runs QEMU with `arguments`."""
        libraries = (str(self.loader), "--library-path", str(self.root / "lib"))
        return (*libraries, str(self.program), "-L", str(self.share), *arguments)

    def image_command(self, *arguments: str) -> tuple[str, ...]:
        """The command line that runs qemu-img with `arguments`."""
        libraries = (str(self.loader), "--library-path", str(self.root / "lib"))
        return (*libraries, str(self.image_program), *arguments)
