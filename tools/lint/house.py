# SPDX-License-Identifier: Apache-2.0
"""The house's own rules over source files: house.py FILE...

Every source file names its licence; BPF programs are GPL-2.0, QEMU's plugin GPL-2.0-or-later,
everything else Apache-2.0. No file names a package registry's host or a path of one machine:
mirrors come from the machine's settings.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

_TAG = "SPDX-License-Identifier:"
_APACHE, _GPL, _OR_LATER = "Apache-2.0", "GPL-2.0", "GPL-2.0-or-later"
# what is written against QEMU's interface for plugins
_QEMU = PurePath("tools/qemu/probes")

# Kinds of files that have no place for a header.
_NO_HEADER = {".json", ".md", ".txt", ".config", ".in"}
_NO_HEADER_NAMES = {".bazelversion"}

# Spelled in parts: this file is read, too.
_HOSTS = re.compile(
    r"\b(?:pypi\.(?:org|io)|files\.pythonhosted|registry\.npmjs|(?:deb|security|snapshot)\.debian"
    r"|(?:archive|ports)\.ubuntu|bcr\.bazel|proxy\.golang|crates\.io|registry-1\.docker)",
    re.IGNORECASE,
)
_MACHINE = re.compile(r"(?<![\w.])/(?:root|home/\w+)/|/work/(?:shared|tmp|main|h)\b")

_MAX_LINES = 400

_ROOMS = PurePath("rules/private")
_MAX_ROOM = 20


def main(arguments: list[str]) -> int:
    """Prints one line for each finding; returns 1 when there are any."""
    findings = [f for name in arguments for f in check(name, _read(Path(name)))]
    findings += check_rooms(arguments)
    for finding in findings:
        print(finding)
    return int(bool(findings))


def check(name: str, text: str) -> Iterator[str]:
    """Yields findings for one file, as NAME:LINE: what is wrong and what to do."""
    path = PurePath(name)
    if text and path.suffix not in _NO_HEADER and path.name not in _NO_HEADER_NAMES:
        yield from _check_licence(name, text)
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if match := _HOSTS.search(line):
            yield f"{name}:{number}: names the host {match[0]}…; take mirrors from the machine"
        if match := _MACHINE.search(line):
            yield f"{name}:{number}: names {match[0]}, a path of one machine"
    if path.suffix in {".py", ".bzl", ".c"} and len(lines) > _MAX_LINES + 1:
        yield f"{name}:1: {len(lines) - 1} lines; past {_MAX_LINES} a file wants splitting"
    if _is_private(path) and not any(line.startswith("visibility(") for line in lines):
        yield f"{name}:1: does not say who may load it; call visibility() with those packages"


def check_rooms(names: Iterable[str]) -> Iterator[str]:
    """Yields findings for the rooms that these files, all of the repository, lie in."""
    rooms = Counter(path.parent for path in map(PurePath, names) if _is_private(path))
    for room, held in sorted(rooms.items()):
        if held > _MAX_ROOM:
            yield f"{room}: {held} files side by side; past {_MAX_ROOM} a room wants dividing"


def _is_private(path: PurePath) -> bool:
    return path.suffix == ".bzl" and _ROOMS in path.parents


def _check_licence(name: str, text: str) -> Iterator[str]:
    top = "\n".join(text.split("\n")[:4])
    found = top.partition(_TAG)[2].strip().split()
    wanted = _GPL if name.endswith((".bpf.c", ".bpf.h")) else _APACHE
    if _QEMU in PurePath(name).parents:
        wanted = _OR_LATER
    if not found:
        yield f"{name}:1: no licence; put '{_TAG} {wanted}' on top"
    elif wanted not in " ".join(found[:3]):
        yield f"{name}:1: licence {found[0]}, expected {wanted}"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
