# SPDX-License-Identifier: Apache-2.0
"""The memory of a saved guest, inflated once for all that are cloned from it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ktstr.model.errors import InfraError, UsageError
from ktstr.store.entry import Entry
from ktstr.store.key import Key, key_of
from ktstr.store.obtain import obtain
from ktstr.store.store import NoStore, open_store
from ktstr.vm.artifact import Artifact
from ktstr.vm.saved.template import TemplateError

_KIND = "guest"


@dataclass
class Inflated:
    """RAM of each node as paths for QEMU, valid until `close`.

    words: where it lies.  refusal: why that is not the store; empty where it is.
    """

    memory: tuple[str, ...]
    words: str
    refusal: str = ""
    fds: Sequence[int] = ()
    entry: Entry | None = None

    def close(self) -> None:
        """Gives memory files back, and allows the store to clean; again is fine."""
        for fd in self.fds:
            os.close(fd)
        self.fds = ()
        if self.entry is not None:
            self.entry.close()


def inflate(artifact: Artifact, root: Path | None = None) -> Inflated:
    """Inflates into the store at `root` (None: the default place), or else into memory files.

    Whoever comes later finds it in the store; memory files are this process's own.

    Raises:
        TemplateError: the artifact is damaged, or there is no memory for it.
    """
    try:
        entry = _stored(artifact, root)
    except InfraError as error:
        return _in_memory(artifact, str(error))
    names = [_name(node) for node in range(len(artifact.sizes))]
    memory = tuple(str(entry.file(name)) for name in names)
    return Inflated(memory, "its memory in the host's store", entry=entry)


def _stored(artifact: Artifact, root: Path | None) -> Entry:
    store = open_store(root)
    if isinstance(store, NoStore):
        raise InfraError(store.reason)

    def fill(staged: Path) -> None:
        for node in range(len(artifact.sizes)):
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            fd = os.open(staged / _name(node), flags, 0o600)
            try:
                artifact.inflate(node, fd)
            finally:
                os.close(fd)

    return obtain(store, _key(artifact), fill)


def _in_memory(artifact: Artifact, refusal: str) -> Inflated:
    fds: list[int] = []
    try:
        for node in range(len(artifact.sizes)):
            fds.append(os.memfd_create(f"ktstr-template-node{node}"))
            artifact.inflate(node, fds[-1])
    except BaseException:
        for fd in fds:
            os.close(fd)
        raise
    memory = tuple(f"/proc/self/fd/{fd}" for fd in fds)
    return Inflated(memory, "its memory inflated for this run", refusal, fds)


def _key(artifact: Artifact) -> Key:
    try:
        return key_of(_KIND, sum(artifact.sizes), artifact.digest)
    except UsageError as error:
        raise TemplateError(f"template {artifact.directory}: {error}") from None


def _name(node: int) -> str:
    return f"ram{node}"
