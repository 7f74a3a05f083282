# SPDX-License-Identifier: Apache-2.0
"""Keeps a copy of a working tree for builds that go on from the one before.

    mirror.py --tree DIR --folder DIR --out PART.tar

Runs inside a repository rule on the host's Python. FOLDER/src becomes what `tree.py` would pack;
only files that changed are written, with the time of writing, so that make compiles what depends on
them. FOLDER/state is the SHA-256 of their names, modes and contents, and is there only while src is
whole. PART.tar has of the tree what is asked of a kernel without building it (PARTS). Prints the
JSON object of tree.py, and `files`: how many were written or removed.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
import os
import pathlib
import re
import shutil
import stat
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import NamedTuple

# A repository rule's Python starts isolated: imports begin at the top of the repository.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3]))

from tools.kernel.source.archive import TreeError, check_is_kernel, pack
from tools.kernel.source.tree import files_of, state_of

# what configure.py takes of an archive, the kernel's own schedulers, and its tests of them
PARTS = (
    *("Kconfig*", "*/Kconfig*", "Makefile*", "*/Makefile*", "Kbuild*", "*/Kbuild*"),
    *("arch/x86/configs/*", "kernel/configs/*", "scripts/*"),
    *("tools/sched_ext/*", "tools/testing/selftests/sched_ext/*"),
    *("tools/testing/selftests/*.h", "tools/testing/selftests/*.mk"),
)
_PART = re.compile("|".join(map(fnmatch.translate, PARTS)))
_STATE, _INDEX = "state", "index.json"
_EXECUTABLE = 0o111


class Copied(NamedTuple):
    """A file of the tree when it was copied. sha256: of its bytes, or of a link's target."""

    mode: int
    size: int
    mtime_ns: int
    sha256: str


def synchronize(
    tree: pathlib.Path, names: Iterable[str], folder: pathlib.Path, part: pathlib.Path
) -> int:
    """Makes `folder`/src the same as the tree's files of these names; how many differed.

    part: the archive to pack of PARTS.

    Raises:
      TreeError: a file is neither file nor link, or has gone.
    """
    source, state = folder / "src", folder / _STATE
    source.mkdir(parents=True, exist_ok=True)
    before = _index(folder) if state.exists() else {}
    # an interruption leaves no state, and then all is compared
    state.unlink(missing_ok=True)
    after: dict[str, Copied] = {}
    names = sorted(names)
    gone = (before.keys() or set(_below(source))) - set(names)
    for name in gone:
        (source / name).unlink(missing_ok=True)
    changed = len(gone)
    for name in names:
        was = before.get(name)
        now = _looked_at(tree / name)
        if was is not None and was[:3] == now[:3]:
            after[name] = was
            continue
        content = _content(tree / name)
        after[name] = now._replace(sha256=hashlib.sha256(content).hexdigest())
        changed += _write(source / name, content, now.mode)
    (folder / _INDEX).write_text(json.dumps(after), encoding="utf-8")
    pack(tree, filter(_PART.match, after), part)
    for name, copied in after.items():
        if _looked_at(tree / name)[:3] != copied[:3]:
            raise TreeError(f"{tree}: {name} changed while the tree was copied; try again")
    state.write_text(_digest(after) + "\n", encoding="utf-8")
    return changed


def _looked_at(path: pathlib.Path) -> Copied:
    try:
        status = os.lstat(path)
    except OSError as error:
        raise TreeError(f"{path}: {error.strerror}: it cannot be copied") from error
    if stat.S_ISLNK(status.st_mode):
        mode = 0o777
    elif stat.S_ISREG(status.st_mode):
        mode = 0o755 if status.st_mode & _EXECUTABLE else 0o644
    else:
        raise TreeError(f"{path}: it is neither a file nor a link, and cannot be copied")
    return Copied(mode, status.st_size, status.st_mtime_ns, "")


def _content(path: pathlib.Path) -> bytes:
    try:
        return os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes()
    except OSError as error:
        raise TreeError(f"{path}: {error.strerror}: it cannot be copied") from error


def _write(path: pathlib.Path, content: bytes, mode: int) -> bool:
    """Makes a file or (mode 777) a link, and says whether it was another one before."""
    link = mode == 0o777
    if path.is_dir() and not path.is_symlink():
        # what was in it is gone
        shutil.rmtree(path)
    elif os.path.lexists(path):
        same = path.is_symlink() == link and _content(path) == content
        if same and (link or stat.S_IMODE(path.stat().st_mode) == mode):
            return False
        path.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    if link:
        path.symlink_to(os.fsdecode(content))
    else:
        path.write_bytes(content)
        path.chmod(mode)
    return True


def _below(source: pathlib.Path) -> Iterable[str]:
    for path in source.rglob("*"):
        if path.is_symlink() or not path.is_dir():
            yield str(path.relative_to(source))


def _index(folder: pathlib.Path) -> dict[str, Copied]:
    try:
        found = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        return {name: Copied(*each) for name, each in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        # as if nothing had been copied: all files are compared
        return {}


def _digest(files: dict[str, Copied]) -> str:
    told = sorted([name, each.mode, each.sha256] for name, each in files.items())
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tree", type=pathlib.Path, required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args(argv)
    try:
        tree = args.tree.resolve()
        check_is_kernel(tree)
        state = state_of(tree)
        names = files_of(tree, state)
        changed = synchronize(tree, names, args.folder, args.out)
    except (TreeError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(asdict(state) | {"files": changed}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
