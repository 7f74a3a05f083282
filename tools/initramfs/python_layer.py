# SPDX-License-Identifier: Apache-2.0
"""Writes the guest's runtime layer: Python, its libraries, and busybox.

    python_layer --root ROOT [--guest-root ROOT --arch ARCH] --output python.cpio

Where the guest is of another architecture, what runs there comes from the guest's own root; the
first one's programs compile and tell what busybox can do, which is the same.

Directories of the guest are real ones, not Debian's links into /usr: a later layer that holds a
directory "bin" would make the kernel remove a link of that name.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ktstr.initramfs import newc
from ktstr.model.errors import UsageError
from tools.initramfs import bytecode, elf

_STDLIB = "usr/lib/python3.13"
_BUSYBOX = "usr/bin/busybox"
# Of no use in a guest without network, display or terminal, or tests of Python itself. _hashlib
# would bring OpenSSL in; hashlib falls back to Python's own code.
_LEFT_OUT = frozenset(
    [
        "__hello__",
        "__phello__",
        "_aix_support",
        "_android_support",
        "_apple_support",
        "_ios_support",
        "_osx_support",
        "_pyrepl",
        "antigravity",
        "curses",
        "dbm",
        "ensurepip",
        "ftplib",
        "http",
        "idlelib",
        "imaplib",
        "mailbox",
        "nturl2path",
        "poplib",
        "pydoc",
        "pydoc_data",
        "smtplib",
        "sqlite3",
        "ssl",
        "test",
        "this",
        "tkinter",
        "turtle",
        "turtledemo",
        "venv",
        "wave",
        "webbrowser",
        "wsgiref",
        "xmlrpc",
        "sitecustomize",
        "_codecs_cn",
        "_codecs_hk",
        "_codecs_iso2022",
        "_codecs_jp",
        "_codecs_kr",
        "_codecs_tw",
        "_multibytecodec",
        "_ctypes_test",
        "_curses",
        "_curses_panel",
        "_dbm",
        "_hashlib",
        "_sqlite3",
        "_ssl",
        "_testbuffer",
        "_testcapi",
        "_testclinic",
        "_testclinic_limited",
        "_testexternalinspection",
        "_testimportmultiple",
        "_testinternalcapi",
        "_testlimitedcapi",
        "_testmultiphase",
        "_testsinglephase",
        "_xxtestfuzz",
        "readline",
        "xxlimited",
        "xxlimited_35",
        "xxsubtype",
    ]
)


def entries_of(
    root: Path, guest_root: Path | None = None, target: elf.Target = elf.X86_64
) -> Iterator[newc.Entry]:
    """Everything that goes into the layer; of `guest_root`, where the guest has one of its own.

    Raises:
      UsageError: the root lacks a file.
      bytecode.CompileError: the root's Python does not run.
    """
    guest = guest_root or root
    python, busybox = _existing(guest, bytecode.PYTHON), _existing(guest, _BUSYBOX)
    extensions = {
        f"{_STDLIB}/lib-dynload/{extension.name}": extension
        for extension in sorted(_extensions(guest))
    }
    yield newc.file(bytecode.PYTHON, python, mode=0o755)
    for path, extension in extensions.items():
        yield newc.file(path, extension)
    programs = {bytecode.PYTHON: python} | extensions
    for path, library in elf.closure(guest, programs, target=target).items():
        yield newc.file(path, library, mode=0o755)
    sources = {f"{_STDLIB}/{path}": guest / _STDLIB / path for path in _sources(guest / _STDLIB)}
    for path, code in bytecode.compile_sources(root, sources).items():
        yield newc.file(path, code)
    yield newc.file("bin/busybox", busybox, mode=0o755)
    for applet in _applets(_existing(root, _BUSYBOX)):
        if applet != "busybox":
            yield newc.symlink(f"bin/{applet}", "busybox")
    yield from _skeleton()


def main(argv: Sequence[str]) -> int:
    """Runs the program; returns its exit status."""
    parser = argparse.ArgumentParser(description="Write the guest's runtime layer.")
    parser.add_argument("--root", type=Path, required=True, help="an unpacked Debian root")
    parser.add_argument("--guest-root", type=Path, help="of the guest's architecture")
    parser.add_argument("--arch", choices=sorted(elf.TARGETS), default="x86_64")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(argv)
    try:
        with options.output.open("wb") as out:
            target = elf.TARGETS[options.arch]
            newc.write_layer(entries_of(options.root, options.guest_root, target), out)
    except (UsageError, bytecode.CompileError) as error:
        print(f"guest runtime layer: {error}", file=sys.stderr)
        return 1
    return 0


def _skeleton() -> Iterator[newc.Entry]:
    """What must be there before anything is mounted; /dev/console is init's standard output."""
    for path in ("dev", "etc", "proc", "root", "run", "sys"):
        yield newc.directory(path)
    yield newc.directory("tmp", mode=0o1777)
    yield newc.char_device("dev/console", 5, 1)
    yield newc.char_device("dev/null", 1, 3, mode=0o666)
    yield newc.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    yield newc.file("etc/group", b"root:x:0:\n")


def _existing(root: Path, path: str) -> Path:
    file = root / path
    if not file.is_file():
        raise UsageError(f"{root} has no {path}; expected a root of Debian packages that have it")
    return file.resolve()


def _sources(stdlib: Path) -> Iterator[str]:
    for source in sorted(stdlib.rglob("*.py")):
        path = source.relative_to(stdlib)
        kept = _LEFT_OUT.isdisjoint((*path.parts[:-1], path.stem))
        if kept and not path.name.startswith("_sysconfigdata"):
            yield str(path)


def _extensions(root: Path) -> Iterator[Path]:
    for extension in (root / _STDLIB / "lib-dynload").glob("*.so"):
        if extension.name.partition(".")[0] not in _LEFT_OUT:
            yield extension


def _applets(busybox: Path) -> list[str]:
    listed = subprocess.run([str(busybox), "--list"], check=True, capture_output=True, text=True)
    return listed.stdout.split()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
