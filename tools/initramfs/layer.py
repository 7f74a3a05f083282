# SPDX-License-Identifier: Apache-2.0
"""Writes one initramfs layer from a JSON manifest: the program that Bazel actions run.

    layer --manifest layer.json --output layer.cpio

The manifest is a list of objects; every one has "path" (in the guest, relative to its root), "kind"
and optionally "mode" (octal text):

    {"kind": "file", "path": "bin/tool", "source": "path/on/host", "mode": "0755"}
    {"kind": "file", "path": "etc/hostname", "text": "guest"}
    {"kind": "tree", "path": "usr/lib/thing", "source": "directory/on/host"}
    {"kind": "dir", "path": "tmp", "mode": "1777"}
    {"kind": "symlink", "path": "bin/sh", "target": "busybox"}
    {"kind": "char", "path": "dev/console", "major": 5, "minor": 1}

The mode of a file defaults to 0755 for programs and scripts (ELF, #!), else 0644, whatever it has
on the host. A tree follows symbolic links there: Bazel's sandbox stages every input as one, so none
can be told apart. Empty directories below its top are left out: remote workers get none.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ktstr.initramfs import newc
from tools.initramfs.modes import default_mode


def entries_of(manifest: Sequence[Mapping[str, Any]]) -> Iterator[newc.Entry]:
    """Turns a manifest into entries.

    Raises:
      newc.NewcError: an item of unknown kind, without a field it needs, or whose source is missing.
    """
    for index, item in enumerate(manifest):
        try:
            yield from _entries(item)
        except KeyError as missing:
            raise newc.NewcError(f"manifest item {index} lacks {missing}: {dict(item)}") from None
        except OSError as error:
            raise newc.NewcError(
                f"manifest item {index}: cannot read {error.filename}: {error.strerror}"
            ) from None


def main(argv: Sequence[str]) -> int:
    """Runs the program; returns its exit status."""
    parser = argparse.ArgumentParser(description="Write one initramfs layer.")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(argv)
    try:
        with options.output.open("wb") as out:
            newc.write_layer(entries_of(json.loads(options.manifest.read_text())), out)
    except newc.NewcError as error:
        print(f"initramfs layer {options.output}: {error}", file=sys.stderr)
        return 1
    return 0


def _entries(item: Mapping[str, Any]) -> Iterator[newc.Entry]:
    kind, path = item["kind"], item["path"]
    source = item.get("source", "")
    if kind == "file":
        content = item["text"].encode() if "text" in item else Path(source)
        yield newc.file(path, content, mode=_mode(item, content), source=source)
    elif kind == "tree":
        yield from _tree(path, Path(source))
    elif kind == "dir":
        yield newc.directory(path, mode=int(item.get("mode", "0755"), 8))
    elif kind == "symlink":
        yield newc.symlink(path, item["target"])
    elif kind == "char":
        mode = int(item.get("mode", "0600"), 8)
        yield newc.char_device(path, item["major"], item["minor"], mode=mode)
    else:
        raise newc.NewcError(
            f"manifest kind {kind!r} of {path!r} is unknown; known: file, tree, dir, symlink, char"
        )


def _mode(item: Mapping[str, Any], content: bytes | Path) -> int:
    return int(item["mode"], 8) if "mode" in item else default_mode(content)


def _tree(path: str, root: Path) -> Iterator[newc.Entry]:
    if not root.is_dir():
        raise newc.NewcError(f"tree {path!r}: {root} is no directory")
    yield newc.directory(path, source=str(root))
    for folder, _, names in os.walk(root, followlinks=True):
        relative = Path(folder).relative_to(root)
        for name in names:
            source = Path(folder, name)
            yield newc.file(str(path / relative / name), source, mode=default_mode(source))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
