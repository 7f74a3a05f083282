# SPDX-License-Identifier: Apache-2.0
"""A template as a directory of files that travel: manifest.json, state, console.log, ramN.zst."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ktstr.vm.save import SavedTemplate
from ktstr.vm.saved import ram
from ktstr.vm.saved.template import Template, TemplateError

_FORMAT = 2
_MANIFEST = "manifest.json"
_STATE = "state"
_CONSOLE = "console.log"


@dataclass(frozen=True)
class Artifact:
    """A template's directory, its manifest and small files checked.

    digest: sha256, in hex, of the manifest, which holds those of the other files.
    machine: `machine_digest` of the machine saved.
    sizes: bytes of RAM of each node.  files: sha256 by name.
    """

    directory: Path
    digest: str
    machine: str
    sizes: tuple[int, ...]
    files: dict[str, str]

    def inflate(self, node: int, fd: int) -> None:
        """Writes the RAM of a node to an empty file: zero pages stay holes.

        Raises:
          TemplateError: the artifact is damaged, or the file cannot be written (disk full, ...).
        """
        name = _ram(node)
        _check_content(self.directory / name, self.files[name])
        ram.inflate(self.directory / name, fd)
        size = os.fstat(fd).st_size
        if size != self.sizes[node]:
            raise TemplateError(
                f"template {self.directory}: {name} holds {size} bytes of RAM, the manifest says "
                f"{self.sizes[node]}"
            )

    def template(self, memory: Sequence[str]) -> Template:
        """To be cloned, with the RAM of each node inflated to a file that QEMU finds there."""
        return Template(
            digest=self.digest,
            machine=self.machine,
            state=self.directory / _STATE,
            memory=tuple(memory),
            console=self.directory / _CONSOLE,
        )


def write_artifact(saved: SavedTemplate, directory: Path) -> None:
    """Writes the artifact of a guest of virtual time; its bytes depend on the machine alone.

    Raises:
      TemplateError: a file cannot be written.
    """
    names = [_STATE, _CONSOLE]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / _STATE).write_bytes(saved.template.state.read_bytes())
        (directory / _CONSOLE).write_bytes(saved.template.console.read_bytes())
        for node, fd in enumerate(saved.memory):
            names.append(_ram(node))
            with (directory / _ram(node)).open("wb") as out:
                ram.pack(fd, out)
        manifest = {
            "format": _FORMAT,
            "machine": saved.template.machine,
            "sizes": [os.fstat(fd).st_size for fd in saved.memory],
            "files": {name: _described(directory / name) for name in names},
        }
        text = json.dumps(manifest, sort_keys=True, separators=(",", ":")) + "\n"
        (directory / _MANIFEST).write_text(text)
    except OSError as error:
        raise TemplateError(f"cannot write the template {directory}: {error}") from None


def read_artifact(directory: Path) -> Artifact:
    """The artifact in `directory`: sizes of all files checked, and content of the small ones.

    Raises:
      TemplateError: a file is missing, cut short or altered; names it.
    """
    path = directory / _MANIFEST
    try:
        data = path.read_bytes()
        artifact, sizes = _parsed(directory, data)
    except OSError as error:
        raise TemplateError(f"template {directory}: {error}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TemplateError(
            f"template {path} is no manifest of format {_FORMAT}: {error!r}"
        ) from None
    for name, size in sizes.items():
        _check_size(directory / name, size)
    for name in (_STATE, _CONSOLE):
        _check_content(directory / name, artifact.files[name])
    return artifact


def _parsed(directory: Path, data: bytes) -> tuple[Artifact, dict[str, int]]:
    """The artifact, and the size of each of its files."""
    manifest: dict[str, Any] = json.loads(data)
    if manifest["format"] != _FORMAT:
        raise ValueError(f"its format is {manifest['format']!r}")
    files = manifest["files"]
    artifact = Artifact(
        directory=directory,
        digest=hashlib.sha256(data).hexdigest(),
        machine=str(manifest["machine"]),
        sizes=tuple(int(size) for size in manifest["sizes"]),
        files={name: str(each["sha256"]) for name, each in files.items()},
    )
    expected = {_STATE, _CONSOLE, *(_ram(node) for node in range(len(artifact.sizes)))}
    if set(files) != expected:
        raise ValueError(f"it names {sorted(files)}")
    return artifact, {name: int(each["size"]) for name, each in files.items()}


def _described(path: Path) -> dict[str, Any]:
    return {"sha256": _sha256(path), "size": path.stat().st_size}


def _check_size(path: Path, size: int) -> None:
    try:
        found = path.stat().st_size
    except OSError as error:
        raise TemplateError(f"template {path.parent}: {error}") from None
    if found != size:
        raise TemplateError(
            f"template {path.parent}: {path.name} has {found} bytes, the manifest says {size}"
        )


def _check_content(path: Path, sha256: str) -> None:
    try:
        found = _sha256(path)
    except OSError as error:
        raise TemplateError(f"template {path.parent}: {error}") from None
    if found != sha256:
        raise TemplateError(
            f"template {path.parent}: {path.name} was altered: its sha256 is {found}, the "
            f"manifest says {sha256}"
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _ram(node: int) -> str:
    return f"ram{node}.zst"
