# SPDX-License-Identifier: Apache-2.0
"""Collects a Python that runs anywhere: --root ROOT --program FILE --library DIRECTORY.

Run by the root's own Python. FILE becomes the interpreter's program; DIRECTORY becomes its shared
libraries, the dynamic loader, the extension modules, and the standard library as one archive of
bytecode and sources. Bytecode is "unchecked hash-based" (PEP 552), so that its bytes hold no time.
"""

from __future__ import annotations

import argparse
import importlib.util
import marshal
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

_NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"
_ARCHIVE = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
_LOADER = "ld-linux-x86-64.so.2"
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
# What wheels may take from the machine (PEP 600), beyond what the interpreter needs itself.
_FOR_WHEELS = (
    "libatomic.so.1",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libstdc++.so.6",
    "libutil.so.1",
)
# CPython's own tests, examples, and a database of yore.
_NO_USE = re.compile(r"^(_test|_ctypes_test|_xxtest|xx|_dbm)")
_LEFT_OUT = frozenset({"__pycache__", "idlelib", "lib2to3", "lib-dynload", "site-packages", "test"})
# The first instant that a zip archive can name.
TIME = (1980, 1, 1, 0, 0, 0)


def _sources(library: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(library.rglob("*.py")):
        name = path.relative_to(library)
        if not _LEFT_OUT.intersection(name.parts):
            yield str(name), path


def bytecode(source: bytes, place: str) -> bytes:
    """What a .pyc of `source` holds; `place` is what tracebacks name as its file."""
    code = compile(source, place, "exec", dont_inherit=True, optimize=0)
    flags = (0b01).to_bytes(4, "little")
    return (
        importlib.util.MAGIC_NUMBER
        + flags
        + importlib.util.source_hash(source)
        + marshal.dumps(code)
    )


def write_archive(library: Path, target: Path) -> None:
    """Writes the standard library of `library` to `target`: NAME.pyc stored, NAME.py deflated."""
    with zipfile.ZipFile(target, "w") as archive:
        for name, path in _sources(library):
            source = path.read_bytes()
            add_module(archive, name, source, f"<{_NAME}>/{name}")


def add_module(archive: zipfile.ZipFile, name: str, source: bytes, place: str) -> None:
    """Adds NAME.pyc, stored, and for tracebacks, and other Pythons, NAME.py, deflated."""
    _add(archive, name, source, zipfile.ZIP_DEFLATED)
    _add(archive, f"{name}c", bytecode(source, place), zipfile.ZIP_STORED)


def _add(archive: zipfile.ZipFile, name: str, data: bytes, method: int) -> None:
    entry = zipfile.ZipInfo(name, TIME)
    entry.compress_type = method
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)


def shared_libraries(root: Path, program: Path) -> dict[str, Path]:
    """Name -> file of every shared library of `root` that `program` needs, as the loader says.

    Raises:
      LookupError: one of them is not in the root.
    """
    loader = root / "usr/lib64" / _LOADER
    line: list[str | Path] = [
        loader,
        "--inhibit-cache",
        "--library-path",
        root / _LIBRARIES,
        "--list",
        program,
    ]
    listing = subprocess.run(line, text=True, capture_output=True, check=False)
    if listing.returncode:
        raise LookupError(f"{program} does not start from {root}: {listing.stderr.strip()}")
    found = {}
    for name, path in re.findall(r"^\s*(\S+) => (.+) \(0x", listing.stdout, re.MULTILINE):
        if Path(name).name == _LOADER:
            continue
        if not Path(path).resolve().is_relative_to((root / "usr").resolve()):
            raise LookupError(f"{program} needs {name}, which {root} does not have: {path}")
        found[name] = Path(path)
    return found


def _copy_libraries(root: Path, programs: list[Path], target: Path) -> None:
    found = {name: root / _LIBRARIES / name for name in _FOR_WHEELS}
    for program in programs:
        found |= shared_libraries(root, program)
    for name, path in found.items():
        shutil.copyfile(path, target / name)
    shutil.copyfile(root / "usr/lib64" / _LOADER, target / _LOADER)
    (target / _LOADER).chmod(0o755)


def collect(root: Path, program: Path, library: Path) -> None:
    """Writes the interpreter to `program`, and all that it needs into `library`."""
    shutil.copyfile(root / "usr/bin" / _NAME, program)
    program.chmod(0o755)
    modules = library / _NAME / "lib-dynload"
    modules.mkdir(parents=True)
    copied = []
    for module in sorted((root / "usr/lib" / _NAME / "lib-dynload").glob("*.so")):
        if not _NO_USE.match(module.name):
            copied.append(Path(shutil.copyfile(module, modules / module.name)))
    _copy_libraries(root, [program, *copied], library)
    write_archive(root / "usr/lib" / _NAME, library / _ARCHIVE)


def _main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("root", "program", "library"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args(argv)
    collect(args.root, args.program, args.library)
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
