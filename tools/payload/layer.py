# SPDX-License-Identifier: Apache-2.0
"""Writes a payload's initramfs layer: its program, its files, and the libraries they load.

    layer --manifest fio.json --root ROOT --guest python.cpio --output fio.cpio --index fio.index

The manifest is an object: "label" of the target; "payload", a ktstr.model.payload.Payload; "items",
a list of {"path": absolute guest path, "source": file or directory here (or "in_root": path of a
file in the root), "origin": for messages}; "libraries", names of libraries that the program opens
by itself.

Libraries lie in the guest where they lie in the root, as Python's do: payloads share them.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import posixpath
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ktstr.initramfs import newc
from ktstr.model import codec
from ktstr.model.errors import UsageError
from ktstr.model.payload import Payload
from ktstr.model.payload_run import compose_run
from tools.initramfs import elf
from tools.initramfs.modes import default_mode
from tools.payload import shebang
from tools.payload.index import Index, check_collisions, index_of

_HEAD = 256


@dataclass(frozen=True)
class Content:
    """A file for the guest: its path relative to the guest's root, and where it comes from."""

    path: str
    file: Path
    origin: str

    def head(self) -> bytes:
        """The beginning of the file, as much as the kernel looks at to run it."""
        with self.file.open("rb") as file:
            return file.read(_HEAD)


def contents_of(manifest: Mapping[str, Any], root: Path) -> list[Content]:
    """The files that a manifest names, directories walked.

    Raises:
      UsageError: a file is missing from the root, or one path comes from two files.
    """
    found: dict[str, Content] = {}
    for item in manifest["items"]:
        if inside := item.get("in_root"):
            source = _in_root(root, inside, item["origin"])
        else:
            source = Path(item["source"])
        for content in _walk(item["path"].lstrip("/"), source, item["origin"]):
            other = found.setdefault(content.path, content)
            if other is not content and other.file.read_bytes() != content.file.read_bytes():
                raise UsageError(
                    f"/{content.path} would come from two different files: {other.origin} and "
                    f"{content.origin}; give one of them another path"
                )
    return list(found.values())


def entries_of(
    payload: Payload, contents: Sequence[Content], libraries: Mapping[str, Path], root_name: str
) -> list[newc.Entry]:
    """The layer's entries: the payload's own files, then the libraries they load.

    Raises:
      UsageError: a library lies where another file of the payload does.
    """
    entries = {}
    program = payload.program.lstrip("/")
    for content in contents:
        mode = 0o755 if content.path == program else default_mode(content.file)
        entries[content.path] = newc.file(
            content.path, content.file, mode=mode, source=content.origin
        )
    for path, file in libraries.items():
        origin = f"{path} of {root_name}"
        entry = newc.file(path, file, mode=0o755, source=origin)
        other = entries.setdefault(path, entry)
        if other.data() != entry.data():
            raise UsageError(
                f"/{path} would come from two different files: {other.source} and {origin}, which "
                f"a program of the payload loads; give the first another path"
            )
    return list(entries.values())


def check_program(payload: Payload, contents: Sequence[Content]) -> None:
    """Sees that the program can be executed at all.

    Raises:
      UsageError: it is neither an ELF program nor a script, or a directory.
    """
    program = next((each for each in contents if "/" + each.path == payload.program), None)
    if program is None:
        raise UsageError(
            f"the program {payload.program} is a directory; name one of its files, and put the "
            f"others into the payload's `files`"
        )
    head = program.head()
    if not head.startswith((elf.MAGIC, b"#!")):
        raise UsageError(
            f"the program {program.origin} is neither an ELF file nor a script: it begins with "
            f"{head[:16]!r}; a script's first line names its interpreter, e.g. #!/bin/sh"
        )
    if head.startswith(elf.MAGIC):
        elf.linkage(program.file)


def check_scripts(
    payload: Payload, contents: Iterable[Content], layer: Index, guest: Index
) -> None:
    """Sees that the program and all scripts beside it, on its PATH, find their interpreters.

    A script elsewhere may be data, or a module that only begins like one.

    Raises:
      UsageError: one does not; script and interpreter are named.
    """

    def exists(path: str) -> bool:
        name = path.lstrip("/")
        return any(
            name in each.items and each.items[name].mode != "directory" for each in (layer, guest)
        )

    for content in contents:
        line = shebang.read(content.head())
        if line is None or posixpath.dirname("/" + content.path) not in payload.path:
            continue
        if problem := shebang.problem(line, exists, payload.path):
            raise UsageError(
                f"the script {content.origin} {problem}; put the interpreter's path in the guest "
                f"there (/bin/sh is busybox, /usr/bin/python3.13 is Python), or add the "
                f"interpreter to the payload's `files`"
            )


def write(
    manifest: Mapping[str, Any], root: Path, root_name: str, guest: Path, output: Path
) -> Index:
    """Writes the layer and returns its index.

    Raises:
      UsageError: the payload is no valid one, or something that it needs is missing, or
        contradicts the guest's own files.
    """
    payload = codec.decode(Payload, manifest["payload"])
    compose_run(payload)
    contents = contents_of(manifest, root)
    check_program(payload, contents)
    objects = {each.path: each.file for each in contents if elf.is_loadable(each.file)}
    libraries = elf.closure(root, objects, manifest["libraries"])
    entries = entries_of(payload, contents, libraries, root_name)
    index = index_of(manifest["label"], entries)
    own = index_of("the guest's own", newc.read_layers(guest.read_bytes()))
    check_collisions([own, index])
    check_scripts(payload, contents, index, own)
    with output.open("wb") as out:
        newc.write_layer(entries, out)
    return index


def main(argv: Sequence[str]) -> int:
    """Runs the program; returns its exit status."""
    parser = argparse.ArgumentParser(description="Write a payload's initramfs layer.")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True, help="an unpacked Debian root")
    parser.add_argument("--root-name", required=True, help="its label, for messages")
    parser.add_argument("--guest", type=Path, required=True, help="the layer that every guest has")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--index", type=Path, required=True, help="what the layer holds, as JSON")
    options = parser.parse_args(argv)
    manifest = json.loads(options.manifest.read_text())
    try:
        index = write(manifest, options.root, options.root_name, options.guest, options.output)
    except UsageError as error:
        print(f"{manifest['label']}: {error}", file=sys.stderr)
        return 1
    options.index.write_text(index.to_json())
    return 0


def _in_root(root: Path, path: str, origin: str) -> Path:
    file = root / path
    if not file.is_file():
        folder = file.parent
        names = os.listdir(folder) if folder.is_dir() else []
        near = difflib.get_close_matches(file.name, names)
        hint = f"; near it: {', '.join(near)}" if near else ""
        raise UsageError(f"{origin} is no file of the root{hint}; is its package in the lock?")
    return file.resolve()


def _walk(path: str, source: Path, origin: str) -> Iterator[Content]:
    if not source.is_dir():
        yield Content(path, source, origin)
        return
    for folder, _, names in os.walk(source, followlinks=True):
        relative = Path(folder).relative_to(source)
        for name in sorted(names):
            below = relative / name
            yield Content(str(path / below), Path(folder, name), f"{origin}/{below}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
