# SPDX-License-Identifier: Apache-2.0
"""Applies patches to a kernel's source archive, inside the Debian root.

    patches.py --kernel LABEL --source /in/linux.tar.xz --patch NAME=/in/0.patch... --work /scratch
               --out /out/tar.zst

Files that no patch names stay as they are in the archive: only the others are unpacked.  GNU patch
applies each with `--fuzz=0`: lines around a change may have moved, and may not differ.  Writes a
tar file, compressed with zstd.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence

# The root's Python starts isolated: imports begin at the top of the repository, wherever it is.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tools.kernel.patchfile import Change, Hunk, PatchError, parse_patch

_UNPACK = {
    ".xz": ("xz", "-dc"),
    ".gz": ("gzip", "-dc"),
    ".bz2": ("bzip2", "-dc"),
    ".zst": ("zstd", "-qdc"),
}
# GNU patch 2.7: src/patch.c, main and apply_hunk
_FILE = re.compile(r"(?:checking|patching) file '?([^'\n]*?)'?(?: \(.*)?$")
_FAILED = re.compile(r"Hunk #(\d+) FAILED")
_TWICE = "previously applied"
_SHOWN_CHARS = 80


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--patch", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args(argv)
    try:
        # before the archive is read: what each patch is by itself; the path holds no `=`
        named = [each.rpartition("=")[::2] for each in args.patch]
        patches = [(name, pathlib.Path(path), _changes(name, path)) for name, path in named]
        archive = Archive(args.source, args.work)
        archive.take({path for *_, changes in patches for each in changes for path in each.paths})
        for name, path, changes in patches:
            apply(archive.tree, name, path, changes)
        archive.put()
        _run("zstd", "-q", "-3", archive.tar, "-o", args.out)
    except (PatchError, OSError) as error:
        print(f"kernel_source: {args.kernel}: {error}", file=sys.stderr)
        return 1
    return 0


class Archive:
    """An archive as a plain tar file in `work`, and some of its files in `work`/tree."""

    def __init__(self, source: pathlib.Path, work: pathlib.Path) -> None:
        self.tar, self.tree = work / "linux.tar", work / "tree"
        self._list, self._taken = work / "members", [""]
        self.tree.mkdir()
        command = (*_UNPACK.get(source.suffix, ("cat",)), source)
        with self.tar.open("wb") as file:
            done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            words = done.stderr.decode(errors="replace").strip()
            raise PatchError(f"{source.name} cannot be unpacked: {words}")
        self._members = set(_run("tar", "--list", "--file", self.tar).splitlines())
        self._top = min(self._members, default="").partition("/")[0]
        if f"{self._top}/Kconfig" not in self._members:
            raise PatchError(f"{source.name} is no kernel source: it has no Kconfig at its top")

    def take(self, paths: set[str]) -> None:
        """Takes files out, those of `paths` that are there, and into `tree`."""
        self._taken = sorted(f"{self._top}/{path}" for path in paths)
        self._taken = [member for member in self._taken if member in self._members]
        if self._taken:
            self._tar("--extract", self._taken, "--strip-components=1", "--no-same-owner")
            self._tar("--delete", self._taken)

    def put(self) -> None:
        """Puts all files that are in `tree` into the archive."""
        found = sorted(path for path in self.tree.rglob("*") if not path.is_dir())
        names = [str(path.relative_to(self.tree)) for path in found]
        # any fixed moment: the same patches give the same bytes
        fixed = ("--owner=0", "--group=0", "--numeric-owner", "--mtime=@1577836800")
        self._tar(
            "--append", names, *fixed, "--mode=u=rwX,go=rX", f"--transform=s,^,{self._top}/,SH"
        )

    def _tar(self, action: str, members: list[str], *options: str) -> None:
        self._list.write_text("".join(f"{member}\n" for member in members), encoding="utf-8")
        options = (action, "--file", str(self.tar), "--directory", str(self.tree), *options)
        _run("tar", *options, "--no-recursion", "--verbatim-files-from", "--files-from", self._list)


def apply(tree: pathlib.Path, name: str, patch: pathlib.Path, changes: Sequence[Change]) -> None:
    """Changes the files of `tree` by one patch.

    Raises:
      PatchError: it does not fit; the text names the file and the hunk.
    """
    for change in changes:
        if (
            change.old is not None
            and not (tree / change.old).is_file()
            and not _made(change, changes)
        ):
            raise PatchError(
                f"patch {name} does not apply: there is no {change.old} in these sources"
            )
    options = ("--strip=1", "--fuzz=0", "--forward", "--batch", "--no-backup-if-mismatch")
    command = (
        "patch",
        *options,
        "--reject-file=-",
        "--directory",
        tree,
        "--input",
        patch.resolve(),
    )
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise PatchError(f"patch {name} does not apply: {_why(tree, done.stdout, changes)}")


def _made(change: Change, changes: Sequence[Change]) -> bool:
    """Whether the same patch makes the file that it changes, at another place."""
    return any(each.new == change.old and each is not change for each in changes)


def _why(tree: pathlib.Path, said: str, changes: Sequence[Change]) -> str:
    """The first hunk that failed, from what GNU patch said."""
    path, times = "", Counter[str]()
    for line in said.splitlines():
        if match := _FILE.match(line):
            path = match[1]
            times[path] += 1
        if _TWICE in line:
            return f"{path}: these sources have its change already, or the opposite of it"
        if match := _FAILED.match(line):
            # several commits in one file: of those that change this path, the one it came to
            meant = [each for each in changes if path in each.paths and each.hunks]
            meant = meant[times[path] - 1 : times[path]] if path else []
            if meant and int(match[1]) <= len(meant[0].hunks):
                return _hunk(tree, path, int(match[1]), meant[0])
    return f"GNU patch says:\n{said.strip()}"


def _hunk(tree: pathlib.Path, path: str, number: int, change: Change) -> str:
    hunk = change.hunks[number - 1]
    where = f"{path}, hunk {number} of {len(change.hunks)} ({hunk.head})"
    return f"{where} fits nowhere{_difference(tree / path, hunk)}"


def _difference(path: pathlib.Path, hunk: Hunk) -> str:
    """The first line that is another one at the place where the hunk says to be."""
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.is_file() else []
    for number, wanted in enumerate(hunk.before, start=hunk.start):
        found = lines[number - 1] if number <= len(lines) else None
        if found != wanted:
            there = "nothing, as the file is shorter" if found is None else _quoted(found)
            return f"; line {number} is to be {_quoted(wanted)}, and is {there}"
    return ""


def _quoted(line: str) -> str:
    cut = line if len(line) <= _SHOWN_CHARS else line[:_SHOWN_CHARS] + "..."
    return repr(cut)


def _changes(name: str, path: str) -> list[Change]:
    text = pathlib.Path(path).read_bytes().decode(errors="replace")
    # a carriage return alone is no end of a line
    return parse_patch(name, text.replace("\r\n", "\n"))


def _run(*command: object) -> str:
    words = [str(part) for part in command]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise PatchError(f"`{' '.join(words)}` failed: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
