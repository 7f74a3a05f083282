# SPDX-License-Identifier: Apache-2.0
"""Unpacks locked Debian packages into one directory, without maintainer scripts.

Runs inside a repository rule on the host's Python, so it uses the standard library only. The result
depends on the packages and the layout alone: paths that two packages ship are an error, and the
links that maintainer scripts would make come from the layout.

It is what remote execution leaves of any directory: Bazel follows links, drops empty directories
and makes every file executable, so the tree has files alone, all of them executable. A symbolic
link has become what it led to, as hard links; one that led nowhere, or out of the tree, is gone.
`files.txt` at the top lists what there is, so that others can see whether it came whole.

Formats: deb(5) (an ar archive whose data.tar.* member is the package's tree) and ar(5).
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import dataclasses
import errno
import fnmatch
import json
import os
import pathlib
import shutil
import sys
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, cast

# Directories that Debian merged into /usr.
_MERGED = ("bin", "lib", "lib64", "sbin")
_AR_MAGIC = b"!<arch>\n"
_AR_HEADER_BYTES = 60
_TAR_SUFFIXES = ("", ".gz", ".bz2", ".xz")
# Room for directories and file system overhead on top of the packages' installed sizes.
_SPACE_FACTOR = 1.1


class UnpackError(Exception):
    """A package, a layout or the disk cannot give the asked tree; the text says which and why."""


@dataclasses.dataclass(frozen=True)
class Package:
    """One downloaded package: its name, its file, and its size when unpacked in bytes."""

    name: str
    file: pathlib.Path
    installed_bytes: int


@dataclasses.dataclass(frozen=True)
class Layout:
    """What of the packages is kept, and which links are added.

    top: top-level directories kept. exclude: shell patterns of paths left out, `*` matching
    slashes, too; a link to such a path is left out as well. links: path in the tree -> link target
    as written. drop: patterns of paths left out once links have become files: their content stays
    where a link has put it.
    """

    top: tuple[str, ...]
    exclude: tuple[str, ...]
    links: dict[str, str]
    drop: tuple[str, ...] = ()

    def keeps(self, path: str) -> bool:
        """Whether `path` (relative to the root, usr-merged) belongs into the tree."""
        if path.partition("/")[0] not in self.top:
            return False
        return not _matches(path, self.exclude)


def unpack_root(packages: Iterable[Package], layout: Layout, out: pathlib.Path) -> None:
    """Unpacks all packages into `out`, which must not exist.

    Raises:
      UnpackError: not enough disk space, a damaged package, a path in two packages, a link of the
        layout to nowhere, links that lead round in a circle.
    """
    packages = sorted(packages, key=lambda p: (-p.installed_bytes, p.name))
    check_space(out.parent, sum(p.installed_bytes for p in packages))
    out.mkdir()
    with concurrent.futures.ProcessPoolExecutor() as pool:
        try:
            for job in [pool.submit(_unpack_package, p, layout, out) for p in packages]:
                job.result()
        except UnpackError:
            pool.shutdown(cancel_futures=True)
            raise
    _add_links(layout.links, out)
    _tidy_links(out)
    _follow_links(out.resolve(), layout.drop)
    _list_files(out)


def extract_member(package: Package, member: str, out: pathlib.Path) -> None:
    """Writes the one file `member` (a path inside the package) to `out`.

    Raises:
      UnpackError: the package has no such file, is damaged, or the disk is full.
    """
    check_space(out.parent, package.installed_bytes)
    with _data_tar(package) as tar:
        for entry in tar:
            if _merged_path(entry.name) == member and entry.isfile():
                with _disk_errors(out), open(out, "xb") as target:
                    shutil.copyfileobj(_file_of(tar, entry), target)
                return
    raise UnpackError(f"{package.name} ({package.file.name}) has no file {member}")


def check_space(directory: pathlib.Path, needed_bytes: int) -> None:
    """Raises UnpackError when `directory`'s file system lacks `needed_bytes` and some reserve."""
    needed = int(needed_bytes * _SPACE_FACTOR)
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise UnpackError(
            f"no disk space: the packages need {needed >> 20} MiB unpacked, {directory} has "
            f"{free >> 20} MiB free; make room there, or move Bazel's output base with "
            "--output_user_root"
        )


@contextlib.contextmanager
def _disk_errors(path: pathlib.Path) -> Iterator[None]:
    """Turns ENOSPC and EDQUOT under a with statement into an UnpackError that names the path."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UnpackError(f"no disk space: writing {path}: {error.strerror}") from error
        raise


@contextlib.contextmanager
def _data_tar(package: Package) -> Iterator[tarfile.TarFile]:
    """The package's data archive as a tar stream; damage becomes an UnpackError."""
    with open(package.file, "rb") as file:
        name, size = _find_data(package, file)
        suffix = name.removeprefix("data.tar")
        if suffix not in _TAR_SUFFIXES:
            raise UnpackError(
                f"{package.name}: {name} has a compression this unpacker does not know"
            )
        window = cast(BinaryIO, _Window(file, size))
        try:
            with tarfile.open(fileobj=window, mode="r|*") as tar:
                yield tar
        except (tarfile.TarError, EOFError) as error:
            raise UnpackError(f"{package.file}: damaged package: {error}") from error


class _Window:
    """The first `size` bytes after a file's present position, for reading only."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def read(self, count: int) -> bytes:
        data = self._file.read(min(count, self._left))
        self._left -= len(data)
        return data


def _find_data(package: Package, file: BinaryIO) -> tuple[str, int]:
    """Leaves `file` at the start of the data.tar* member; returns the member's name and size."""
    if file.read(len(_AR_MAGIC)) != _AR_MAGIC:
        raise UnpackError(f"{package.file}: not a Debian package (no ar archive)")
    while header := file.read(_AR_HEADER_BYTES):
        if len(header) < _AR_HEADER_BYTES or header[58:] != b"`\n":
            raise UnpackError(f"{package.file}: damaged package: bad ar header")
        name = header[:16].decode("ascii").rstrip(" /")
        size = int(header[48:58])
        if name.startswith("data.tar"):
            return name, size
        file.seek(size + size % 2, os.SEEK_CUR)
    raise UnpackError(f"{package.file}: not a Debian package (no data.tar)")


def _unpack_package(package: Package, layout: Layout, out: pathlib.Path) -> None:
    """Unpacks one package over what others have left in `out`."""
    with _data_tar(package) as tar:
        for entry in tar:
            path = _merged_path(entry.name)
            if not path or not layout.keeps(path):
                continue
            try:
                with _disk_errors(out / path):
                    _write_entry(tar, entry, out / path, out)
            except FileExistsError as error:
                raise UnpackError(
                    f"{path} of {package.name} is already there: two packages ship it"
                ) from error


def _write_entry(
    tar: tarfile.TarFile, entry: tarfile.TarInfo, target: pathlib.Path, out: pathlib.Path
) -> None:
    """Writes one archive entry."""
    if entry.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if entry.issym():
        _link(entry.linkname, target, out)
    elif entry.islnk():
        os.link(out / _merged_path(entry.linkname), target)
    elif entry.isfile():
        with open(target, "xb") as file:
            shutil.copyfileobj(_file_of(tar, entry), file)
        # As a farm makes it; writable for the owner, so that Bazel can delete it; no set-uid bits.
        target.chmod(0o755)
    else:
        raise UnpackError(f"{target}: entry type {entry.type!r} in a package")


def _file_of(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> BinaryIO:
    file = tar.extractfile(entry)
    assert file is not None  # entry.isfile() was asked before
    return cast(BinaryIO, file)


def _merged_path(name: str) -> str:
    """An archive name as a path relative to the root, with /bin and its like moved into /usr.

    Raises:
      UnpackError: the name would leave the root.
    """
    parts = [p for p in name.split("/") if p not in ("", ".")]
    if ".." in parts:
        raise UnpackError(f"package entry {name!r} leaves the root")
    if parts and parts[0] in _MERGED:
        # The merged directory's own link comes from the layout.
        parts = ["usr", *parts] if len(parts) > 1 else []
    return "/".join(parts)


def _link(text: str, target: pathlib.Path, out: pathlib.Path) -> None:
    """Makes a link; an absolute one is meant inside the root and becomes relative."""
    if text.startswith("/"):
        text = os.path.relpath(out / _merged_path(text), target.parent)
    target.symlink_to(text)


def _add_links(links: dict[str, str], out: pathlib.Path) -> None:
    for path, text in sorted(links.items()):
        target = out / path
        if os.path.lexists(target):
            raise UnpackError(f"layout link {path} -> {text}: a package ships {path} itself")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(text)
        if not target.exists():
            raise UnpackError(
                f"layout link {path} -> {text}: nothing is there; is its package in the lock?"
            )


def _tidy_links(out: pathlib.Path) -> None:
    """Removes links that point to nothing, out of the root, or to a directory above them."""
    root = out.resolve()
    # a link may lead through one that is removed after it
    while astray := [link for link in _links(out) if _is_astray(link, root)]:
        for link in astray:
            link.unlink()


def _is_astray(link: pathlib.Path, root: pathlib.Path) -> bool:
    resolved = pathlib.Path(os.path.realpath(link))
    inside = resolved.is_relative_to(root)
    return not inside or not resolved.exists() or link.parent.resolve().is_relative_to(resolved)


def _follow_links(root: pathlib.Path, drop: Sequence[str]) -> None:
    """Makes hard links of what symbolic ones lead to, and removes empty directories.

    Raises:
      UnpackError: links lead round in a circle.
    """
    found = list(_followed(root, (root,)))
    for link in list(_links(root)):
        link.unlink()
    dropped = []
    for path, file in found:
        if _matches(str(path.relative_to(root)), drop):
            dropped.append(path)
        elif path != file:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, path)
    for path in dropped:
        path.unlink(missing_ok=True)
    for directory, _, _ in os.walk(root, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(directory)


def _followed(
    directory: pathlib.Path, above: tuple[pathlib.Path, ...]
) -> Iterator[tuple[pathlib.Path, pathlib.Path]]:
    """The files below a directory as seen by one who follows links: path, and the file itself.

    above: the directories passed so far, themselves and no links to them.
    """
    for name in sorted(os.listdir(directory)):
        path = directory / name
        itself = pathlib.Path(os.path.realpath(path))
        if not itself.is_dir():
            yield path, itself
        elif itself in above:
            raise UnpackError(f"{path} leads round in a circle, to {itself}")
        else:
            yield from _followed(path, (*above, itself))


def _list_files(out: pathlib.Path) -> None:
    """Writes files.txt: for each file a line with its bytes, a blank and its path."""
    files = sorted(path for path in out.rglob("*") if path.is_file())
    lines = [f"{path.stat().st_size} {path.relative_to(out)}\n" for path in files]
    listing = out / "files.txt"
    listing.write_text("".join(lines), encoding="utf-8")
    listing.chmod(0o755)


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def _links(out: pathlib.Path) -> Iterator[pathlib.Path]:
    for directory, names, files in os.walk(out):
        for name in names + files:
            path = pathlib.Path(directory, name)
            if path.is_symlink():
                yield path


def _main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--packages",
        type=pathlib.Path,
        required=True,
        help="JSON: list of name, file, installed_bytes",
    )
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument(
        "--layout", type=pathlib.Path, help="JSON with top, exclude, links, drop: unpack a root"
    )
    parser.add_argument("--member", help="write only this file of the only package to --out")
    args = parser.parse_args(argv)
    packages = [
        Package(p["name"], pathlib.Path(p["file"]), p["installed_bytes"])
        for p in json.loads(args.packages.read_text(encoding="utf-8"))
    ]
    try:
        if args.member:
            extract_member(packages[0], args.member, args.out)
        else:
            spec = json.loads(args.layout.read_text(encoding="utf-8"))
            drop = tuple(spec.get("drop", ()))
            layout = Layout(tuple(spec["top"]), tuple(spec["exclude"]), spec["links"], drop)
            unpack_root(packages, layout, args.out)
    except UnpackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
