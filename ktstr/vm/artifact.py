# SPDX-License-Identifier: Apache-2.0
"""A template as a directory of files that travel: manifest.json, state, console.log, ramN.zst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ktstr.vm.saved import SavedTemplate
from ktstr.vm.template import Template


@dataclass(frozen=True)
class Artifact:
    """A template's directory, its manifest and small files checked.

    digest: sha256, in hex, of the manifest, which holds those of the other files.
    machine: `machine_digest` of the machine saved.
    sizes: bytes of RAM of each node.  pages: as in Template.
    """

    directory: Path
    digest: str
    machine: str
    sizes: tuple[int, ...]
    pages: tuple[tuple[int, int], ...]

    def inflate(self, node: int, fd: int) -> None:
        """Writes the RAM of a node to an empty file: zero pages stay holes.

        Raises:
          TemplateError: the artifact is damaged, or the file cannot be written (disk full, ...).
        """
        raise NotImplementedError

    def template(self, memory: Sequence[str]) -> Template:
        """To be cloned, with the RAM of each node inflated to a file that QEMU finds there."""
        raise NotImplementedError


def write_artifact(saved: SavedTemplate, directory: Path) -> None:
    """Writes the artifact of a guest of virtual time; its bytes depend on the machine alone.

    Raises:
      TemplateError: a file cannot be written.
    """
    raise NotImplementedError


def read_artifact(directory: Path) -> Artifact:
    """The artifact in `directory`: sizes of all files checked, and content of the small ones.

    Raises:
      TemplateError: a file is missing, cut short or altered; names it.
    """
    raise NotImplementedError
