# SPDX-License-Identifier: Apache-2.0
"""Collects QEMU and what it needs to run into a folder. Runs inside the Debian root.

    collect.py OUT [PACKAGES [ARCH]]

PACKAGES holds packages of another QEMU than the root's: its program for machines, and firmware.
ARCH is that of its machines, if they are not x86-64: these need no firmware, have the device trees
that QEMU gives its machine `virt` in share/, and the plugin that looks into guests is not for them.
The tree: bin/ the programs, lib/ their shared libraries, the dynamic loader and two plugins,
share/ firmware.
It depends on nothing else of the root, so that tests need not depend on the root.
"""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Version:
    """What the plugins have to know of a QEMU.

    level: of its interface for plugins (include/qemu/qemu-plugin.h); a QEMU may take no lower one.
    idle_offset: of cpu_thread_is_idle in its AccelOpsClass, for turns.c.
    """

    level: int
    idle_offset: int


# The offset is read off cpu_thread_is_idle(), which calls what is there (system/cpus.c).
_VERSIONS = {"10.0": Version(4, 0x88), "11.1": Version(7, 0x90)}
_PLUGIN = pathlib.Path("/turns.c")
# The sources of the plugin that looks into guests.
_PROBES = pathlib.Path("/qemu")
_WARNINGS = ("-Wall", "-Wextra", "-Werror")
_COMPILER = ("gcc", "-O2", *_WARNINGS, "-shared", "-fPIC", "-fvisibility=hidden")
_LOADER = pathlib.Path("/usr/lib64/ld-linux-x86-64.so.2")
_PROGRAM, _IMAGE_PROGRAM = "qemu-system-x86_64", "qemu-img"
# What runs machines of another architecture, and as many CPUs as their device trees are made for.
_OTHER_PROGRAMS = {"arm64": "qemu-system-aarch64"}
_MOST_CPUS = 8
# bios-256k and qboot start q35 and i440fx machines, bios-microvm microvm; the others are option
# ROMs of -kernel (linuxboot for bzImage, pvh for an ELF kernel) and of the local APIC under KVM.
_FIRMWARE = (
    "/usr/share/qemu/kvmvapic.bin",
    "/usr/share/qemu/linuxboot.bin",
    "/usr/share/qemu/linuxboot_dma.bin",
    "/usr/share/qemu/pvh.bin",
    "/usr/share/qemu/qboot.rom",
    "/usr/share/seabios/bios-256k.bin",
    "/usr/share/seabios/bios-microvm.bin",
)


def shared_libraries(program: pathlib.Path) -> dict[str, pathlib.Path]:
    """Name (DT_NEEDED) -> file of every shared library that `program` needs, as the loader says."""
    listing = subprocess.run(
        [_LOADER, "--list", program], text=True, capture_output=True, check=True
    ).stdout
    return {
        name: pathlib.Path(path)
        for name, path in re.findall(r"^\s*(\S+) => (/\S+) \(", listing, re.MULTILINE)
        if pathlib.Path(name).name != _LOADER.name
    }


def version_of(program: pathlib.Path) -> Version:
    """What is known of a QEMU.

    Raises:
      SystemExit: the plugins are not for its version.
    """
    said = subprocess.run([program, "--version"], text=True, capture_output=True, check=True).stdout
    found = re.search(r"version (\d+\.\d+)\.", said)
    if found is None or found[1] not in _VERSIONS:
        raise SystemExit(
            f"the plugins are for QEMU {' and '.join(_VERSIONS)}, and {program} is another: "
            f"{said.splitlines()[0]}; look up its level and offset for {__file__}"
        )
    return _VERSIONS[found[1]]


def make_plugins(folder: pathlib.Path, version: Version, *, looks: bool) -> None:
    """Compiles the plugin of virtual time and, with `looks`, that which looks into guests."""
    level = f"-DQP_LEVEL={version.level}"
    idle = f"-DTHREAD_IS_IDLE={version.idle_offset:#x}"
    turns = folder / f"{_PLUGIN.stem}.so"
    subprocess.run([*_COMPILER, level, idle, "-o", turns, _PLUGIN], check=True)
    if not looks:
        return
    sources = sorted(_PROBES.rglob("*.c"))
    subprocess.run([*_COMPILER, level, "-o", folder / "probes.so", *sources], check=True)


def there(packages: pathlib.Path | None, path: str | pathlib.Path) -> pathlib.Path:
    """A file of the other QEMU's packages, where they have it; else the root's."""
    other = packages / str(path).lstrip("/") if packages is not None else None
    return other if other is not None and other.exists() else pathlib.Path(path)


def make_device_trees(program: pathlib.Path, folder: pathlib.Path) -> None:
    """Has QEMU write the device trees of `virt`, by the number of its CPUs."""
    for cpus in range(1, _MOST_CPUS + 1):
        tree = folder / f"virt-{cpus}.dtb"
        # two serial ports: console and frames; no random seeds, which would be others each time
        machine = f"virt,gic-version=3,dtb-randomness=off,dumpdtb={tree}"
        shape = ("-machine", machine, "-cpu", "max", "-smp", str(cpus))
        devices = ("-nodefaults", "-display", "none", "-serial", "null", "-serial", "null")
        subprocess.run(
            [program, *shape, *devices],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def main(out: pathlib.Path, packages: pathlib.Path | None, arch: str) -> int:
    """Writes the tree to `out`."""
    for part in ("bin", "lib", "share"):
        (out / part).mkdir(parents=True)
    machines = _OTHER_PROGRAMS[arch] if arch else _PROGRAM
    for name in (machines, _IMAGE_PROGRAM):
        program = there(packages, f"/usr/bin/{name}")
        shutil.copyfile(program, out / "bin" / name)
        (out / "bin" / name).chmod(0o755)
        for library, path in shared_libraries(program).items():
            shutil.copyfile(path, out / "lib" / library)
    shutil.copyfile(_LOADER, out / "lib" / _LOADER.name)
    (out / "lib" / _LOADER.name).chmod(0o755)
    program = there(packages, f"/usr/bin/{machines}")
    make_plugins(out / "lib", version_of(program), looks=not arch)
    if arch:
        make_device_trees(program, out / "share")
        return 0
    for firmware in _FIRMWARE:
        path = there(packages, firmware)
        shutil.copyfile(path, out / "share" / path.name)
    return 0


if __name__ == "__main__":
    _out, _packages, _arch, *_ = (*sys.argv[1:], "", "")
    sys.exit(main(pathlib.Path(_out), pathlib.Path(_packages) if _packages else None, _arch))
