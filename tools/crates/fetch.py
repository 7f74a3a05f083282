# SPDX-License-Identifier: Apache-2.0
"""Fetches a scheduler's crate and every crate that its Cargo.lock names, as one archive.

    fetch.py --root ROOT --crate NAME --version VERSION --sha256 DIGEST [--lock Cargo.lock]
             --out sources.tar

Runs inside a repository rule on the host's Python, so it uses the standard library only. The cargo
is the Debian root's (ROOT), started through the root's own loader; registry, proxies and what was
downloaded before are those of the machine's cargo (CARGO_HOME, its configuration).

The archive holds `crate/`, the scheduler; `vendor/`, a directory source for cargo with every crate
of the lock, checked against the lock's digests; and `programs`, the names of the crate's programs,
one a line. Of a crate that no Linux on x86-64 builds only the manifest stays, and its Rust files
are empty: cargo resolves with it and never compiles it. The bytes follow from the crates alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

# A repository rule's Python starts isolated: imports begin at the top of the repository.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tools.crates.words import CrateError, explain, last_words, needed, not_there, programs

_LOADER = "usr/lib64/ld-linux-x86-64.so.2"
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_TARGET = "x86_64-unknown-linux-gnu"
# Before any time at which something is built: cargo takes a newer source for a changed one.
_MTIME = 1


@dataclass(frozen=True)
class Asked:
    """A release of a crate: its name, its version, and the SHA-256 of its .crate file."""

    crate: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"crate {self.crate} {self.version}"


@dataclass(frozen=True)
class Cargo:
    """The root's cargo: `scratch` holds a script for each program, `home` is the machine's."""

    scratch: pathlib.Path
    home: pathlib.Path

    @classmethod
    def of_root(cls, root: pathlib.Path, scratch: pathlib.Path) -> Cargo:
        """Writes the scripts that start cargo and rustc through the root's loader."""
        for name in ("cargo", "rustc"):
            script = scratch / name
            start = [root / _LOADER, "--library-path", root / _LIBRARIES, root / "usr/bin" / name]
            script.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, start))} "$@"\n')
            script.chmod(0o755)
        home = os.environ.get("CARGO_HOME") or pathlib.Path("~/.cargo").expanduser()
        return cls(scratch, pathlib.Path(home))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs cargo in `scratch`, without colours."""
        programs = {"CARGO": str(self.scratch / "cargo"), "RUSTC": str(self.scratch / "rustc")}
        environment = {**os.environ, **programs, "CARGO_TERM_COLOR": "never"}
        return subprocess.run(
            [programs["CARGO"], *arguments],
            cwd=self.scratch,
            env=environment,
            text=True,
            capture_output=True,
            check=False,
        )


def fetch(cargo: Cargo, asked: Asked, lock: pathlib.Path | None) -> Mapping[str, pathlib.Path]:
    """Fetches everything; returns what belongs into the archive, by its name there.

    Raises:
      CrateError: the crate is not to be had, is another one, has no program or no lock, or what its
        lock names cannot be had.
    """
    crate = _unpacked(_crate_file(cargo, asked), asked, cargo.scratch)
    _lock(crate, asked, lock)
    manifest = f"--manifest-path={crate / 'Cargo.toml'}"
    listing = cargo.scratch / "programs"
    names = _programs(cargo, asked, manifest)
    listing.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    vendor = cargo.scratch / "vendor"
    vendored = cargo.run("vendor", "--locked", "--versioned-dirs", manifest, str(vendor))
    if vendored.returncode:
        raise explain(str(asked), vendored.stderr)
    vendor.mkdir(exist_ok=True)
    tree = cargo.run(
        "tree",
        "--locked",
        f"--target={_TARGET}",
        "--edges=normal,build",
        "--all-features",
        "--prefix=none",
        "--format={p}",
        manifest,
    )
    if tree.returncode:
        raise explain(str(asked), tree.stderr)
    keep = needed(tree.stdout.splitlines())
    for directory in sorted(vendor.iterdir()):
        if directory.name not in keep:
            hollow(directory)
    return {"crate": crate, "programs": listing, "vendor": vendor}


def _crate_file(cargo: Cargo, asked: Asked) -> pathlib.Path:
    """The .crate file in the machine's cache, which cargo fills when it lacks it."""
    pattern = f"registry/cache/*/{asked.crate}-{asked.version}.crate"
    for _ in range(2):
        found = {_sha256(file): file for file in sorted(cargo.home.glob(pattern))}
        if asked.sha256 in found:
            return found[asked.sha256]
        if found:
            raise CrateError(
                f"{asked}: digest does not match.\n  wanted: SHA-256 {asked.sha256}\n"
                + "".join(f"  found:  SHA-256 {digest}\n" for digest in found)
                + "  The registry's file is not the one that was locked, or none was locked yet: "
                "write the digest down only when you trust where it came from."
            )
        # the only command of cargo's that fetches one crate and resolves nothing
        told = cargo.run("info", f"{asked.crate}@{asked.version}")
        if told.returncode:
            raise not_there(str(asked), asked.crate, told.stderr)
    raise CrateError(f"{asked}: cargo fetched it, and {cargo.home / pattern} is not there")


def _sha256(file: pathlib.Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _unpacked(file: pathlib.Path, asked: Asked, scratch: pathlib.Path) -> pathlib.Path:
    wanted = f"{asked.crate}-{asked.version}"
    try:
        with tarfile.open(file) as archive:
            found = sorted({name.partition("/")[0] for name in archive.getnames()})
            if found == [wanted]:
                archive.extractall(scratch, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise CrateError(f"{asked}: {file} cannot be unpacked: {error}") from error
    if found != [wanted]:
        raise CrateError(
            f"{asked}: {file} is no package of it.\n  wanted: one folder, {wanted}\n"
            f"  found:  {', '.join(found[:5]) or 'nothing'}\n"
            "  Give the digest of the file as the registry has it, made by `cargo package`."
        )
    return scratch / wanted


def _lock(crate: pathlib.Path, asked: Asked, lock: pathlib.Path | None) -> None:
    """Puts the author's lock in place of the crate's own."""
    if lock:
        (crate / "Cargo.lock").write_bytes(lock.read_bytes())
    elif not (crate / "Cargo.lock").exists():
        raise CrateError(
            f"{asked}: it comes without a Cargo.lock, so which crates it is built of is open.\n"
            "  Give one (attribute `lock`), as `cargo generate-lockfile` makes it in the crate."
        )


def _programs(cargo: Cargo, asked: Asked, manifest: str) -> Sequence[str]:
    told = cargo.run("metadata", "--no-deps", "--offline", "--format-version=1", manifest)
    if told.returncode:
        raise CrateError(f"{asked}: cargo does not read it:\n{last_words(told.stderr)}")
    names = programs(told.stdout)
    if not names:
        raise CrateError(
            f"{asked}: it has no program, so no scheduler can be built of it; it is a library.\n"
            "  Name the crate of the scheduler that uses it."
        )
    return names


def hollow(directory: pathlib.Path) -> None:
    """Leaves of a vendored crate its manifest and its name, and of its Rust files empty ones."""
    for file in sorted(directory.rglob("*")):
        if file.name == ".cargo-checksum.json":
            sums = json.loads(file.read_text(encoding="utf-8"))
            file.write_text(json.dumps({"files": {}, "package": sums["package"]}))
        elif file.suffix == ".rs":
            file.write_bytes(b"")
        elif file.is_file() and file != directory / "Cargo.toml":
            file.unlink()


def write_archive(members: Mapping[str, pathlib.Path], out: pathlib.Path) -> None:
    """Writes files and directories: names, contents, what is a program, and nothing else."""
    with tarfile.open(out, "w", format=tarfile.GNU_FORMAT) as archive:
        for name, path in sorted(members.items()):
            for inside, file in _files(name, path):
                entry = tarfile.TarInfo(inside)
                entry.size, entry.mtime = file.stat().st_size, _MTIME
                entry.mode = 0o755 if os.access(file, os.X_OK) else 0o644
                with file.open("rb") as content:
                    archive.addfile(entry, content)


def _files(name: str, path: pathlib.Path) -> Iterator[tuple[str, pathlib.Path]]:
    if path.is_file():
        yield name, path
        return
    for file in sorted(path.rglob("*")):
        if file.is_file():
            yield f"{name}/{file.relative_to(path)}", file


def _main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--crate", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--sha256", required=True)
    parser.add_argument("--lock", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args(argv)
    asked = Asked(args.crate, args.version, args.sha256)
    # beside the archive, for it is a disk with room
    with tempfile.TemporaryDirectory(prefix="crate-", dir=args.out.parent) as directory:
        cargo = Cargo.of_root(args.root.resolve(), pathlib.Path(directory).resolve())
        try:
            write_archive(fetch(cargo, asked, args.lock), args.out)
        except CrateError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
