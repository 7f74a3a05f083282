# SPDX-License-Identifier: Apache-2.0
"""Collects QEMU and what it needs to run into /out/qemu. Runs inside the Debian root.

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

_PLUGIN = pathlib.Path("/turns.c")
# of which that plugin knows one structure
_VERSION = "10.0"
# The sources of the plugin that looks into guests, and the levels of QEMU's interface that it can
# be built for: QEMU's own here (include/qemu/qemu-plugin.h), and that of QEMU 11.1, which takes no
# other.
_PROBES = pathlib.Path("/qemu")
_LEVEL, _OTHER_LEVELS = 4, (7,)
_WARNINGS = ("-Wall", "-Wextra", "-Werror")
_COMPILER = ("gcc", "-O2", *_WARNINGS, "-shared", "-fPIC", "-fvisibility=hidden")
_LOADER = pathlib.Path("/usr/lib64/ld-linux-x86-64.so.2")
_PROGRAMS = ("qemu-system-x86_64", "qemu-img")
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


def make_plugin(path: pathlib.Path) -> None:
    """Compiles the plugin.

    Raises:
      SystemExit: it is not for the version of QEMU that is here.
    """
    said = subprocess.run(
        [pathlib.Path("/usr/bin", _PROGRAMS[0]), "--version"],
        text=True,
        capture_output=True,
        check=True,
    ).stdout
    if f"version {_VERSION}." not in said:
        raise SystemExit(
            f"tools/qemu/{_PLUGIN.name} is for QEMU {_VERSION}, and the root has another: "
            f"{said.splitlines()[0]}; look the offset up anew"
        )
    subprocess.run([*_COMPILER, "-o", path, _PLUGIN], check=True)


def make_probes(path: pathlib.Path) -> None:
    """Compiles the plugin that looks into guests, and sees that it compiles for other levels."""
    sources = sorted(_PROBES.rglob("*.c"))
    subprocess.run([*_COMPILER, f"-DQP_LEVEL={_LEVEL}", "-o", path, *sources], check=True)
    for level in _OTHER_LEVELS:
        check = ("gcc", *_WARNINGS, "-fsyntax-only", f"-DQP_LEVEL={level}")
        subprocess.run([*check, *sources], check=True)


def main(out: pathlib.Path) -> int:
    """Writes the tree to `out`."""
    for part in ("bin", "lib", "share"):
        (out / part).mkdir(parents=True)
    for name in _PROGRAMS:
        program = pathlib.Path("/usr/bin", name)
        shutil.copyfile(program, out / "bin" / name)
        (out / "bin" / name).chmod(0o755)
        for library, path in shared_libraries(program).items():
            shutil.copyfile(path, out / "lib" / library)
    shutil.copyfile(_LOADER, out / "lib" / _LOADER.name)
    (out / "lib" / _LOADER.name).chmod(0o755)
    make_plugin(out / "lib" / f"{_PLUGIN.stem}.so")
    make_probes(out / "lib" / "probes.so")
    for firmware in map(pathlib.Path, _FIRMWARE):
        shutil.copyfile(firmware, out / "share" / firmware.name)
    return 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
