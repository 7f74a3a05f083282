# SPDX-License-Identifier: Apache-2.0
"""An entry in use: its files, and the lock that keeps cleaning away from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from ktstr.model.errors import InfraError
from ktstr.store.key import Key
from ktstr.store.lock import Lock
from ktstr.store.manifest import Manifest


@dataclass(frozen=True)
class Entry:
    """A published entry, complete and read-only, that stays while this is not closed."""

    key: Key
    directory: Path
    manifest: Manifest
    lock: Lock

    def file(self, name: str) -> Path:
        """The path of one of its files.

        Raises:
          InfraError: it has no such file.
        """
        if name not in self.manifest.files:
            names = ", ".join(self.manifest.files)
            raise InfraError(f"store entry {self.key} has no file {name!r}; it has {names}")
        return self.directory / name

    def close(self) -> None:
        """Allows cleaning to remove the entry; again is fine."""
        self.lock.close()

    def __enter__(self) -> Entry:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
