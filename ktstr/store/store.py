# SPDX-License-Identifier: Apache-2.0
"""The store: entries by key, published by rename, used under a shared lock."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ktstr.model.errors import InfraError
from ktstr.store.directory import check_directory, default_root, prepare_root
from ktstr.store.entry import Entry
from ktstr.store.filesystem import explained, filesystem_of
from ktstr.store.key import Key
from ktstr.store.lock import Lock, Mode, lock, try_lock
from ktstr.store.manifest import USED, Manifest, load, seal, sync_directory
from ktstr.store.owner import Purpose
from ktstr.store.staging import Staging, Sweep

# rename(2) says one of these when something that is not an empty directory has the name
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)
# a damaged entry is replaced at most so often before we say that something is wrong
_ATTEMPTS = 5


@dataclass(frozen=True)
class NoStore:
    """That there is none, and why: callers go on without it and record the reason."""

    reason: str


class Store:
    """A store that can be written to.  `swept`: what opening it has tidied up."""

    def __init__(self, root: Path) -> None:
        """Opens the store at `root`, making it if need be, and sweeps it.

        Raises:
          InfraError: no store can be there: see prepare_root.
        """
        self.root = root.absolute()
        prepare_root(self.root)
        self.entries = self.root / "entries"
        self.staging = Staging(self.root / "staging", self.root / "sweep.lock")
        self.swept: Sweep = self.staging.sweep()

    def lookup(self, key: Key) -> Entry | None:
        """The entry of `key`, locked for use, or None if there is none that can be used.

        Raises:
          InfraError: the store cannot be read, or a lock was not to be had in time.
        """
        held = self._lock(key, Mode.SHARED)
        try:
            found = self._load(key)
            if isinstance(found, Manifest):
                return self._used(key, found, held)
        except BaseException:
            held.close()
            raise
        held.close()
        return None

    def publish(self, key: Key, fill: Callable[[Path], None]) -> Entry:
        """The entry of `key`, made by `fill` and published by one rename.

        `fill` gets an empty directory of the store's file system and puts files into it. If another
        publisher was faster, their entry is returned and what `fill` made is removed.

        Raises:
          InfraError: the disk is full, `fill` met an OSError or made no plain files, or the
            directories of the store are on two file systems.
        """
        with self.staging.make_directory(Purpose.PUBLISH) as staged:
            try:
                fill(staged)
                manifest = seal(staged, key)
            except OSError as error:
                where = Path(error.filename) if isinstance(error.filename, str) else staged
                raise explained(error, f"make {key} in", where) from None
            require_one_filesystem(staged, self.entries)
            for _ in range(_ATTEMPTS):
                entry = self._install(key, staged, manifest)
                if entry is not None:
                    return entry
                with self.exclusively(key) as own:
                    if own:
                        self._discard_damaged(key)
            raise InfraError(
                f"{self.entries / str(key)} was found damaged {_ATTEMPTS} times: something writes "
                f"to it besides ktstr"
            )

    def publish_file(self, key: Key, source: Path, name: str) -> Entry:
        """The entry of `key` with the file `source` as `name`.  `source` is gone then, won or lost.

        Raises:
          InfraError: as publish; and if `source` is on another file system, naming both.
        """
        try:
            require_one_filesystem(source, self.entries)
            return self.publish(key, lambda staged: os.rename(source, staged / name))
        except FileNotFoundError as error:
            raise explained(error, "publish", source) from None

    @contextmanager
    def exclusively(self, key: Key, *, wait: bool = True) -> Iterator[bool]:
        """Locks `key` so that nobody uses its entry meanwhile; tells whether that was possible.

        Without `wait` it is not possible while the entry is in use.

        Raises:
          InfraError: the lock was not to be had in time.
        """
        held = self._lock(key, Mode.EXCLUSIVE) if wait else self._try_exclusive(key)
        if held is None:
            yield False
            return
        with held:
            yield True

    def remove(self, key: Key) -> None:
        """Removes the entry of `key`, which the caller has locked exclusively, at one stroke.

        Raises:
          InfraError: it cannot be removed.
        """
        self.remove_named(str(key))

    def remove_named(self, name: str) -> None:
        """Removes what has `name` among the entries, even if it is no directory.

        Raises:
          InfraError: it cannot be removed.
        """
        with self.staging.make_directory(Purpose.REMOVE) as condemned:
            try:
                os.rename(self.entries / name, condemned / "entry")
            except FileNotFoundError:
                return
            except OSError as error:
                raise explained(error, "remove", self.entries / name) from None

    def _install(self, key: Key, staged: Path, manifest: Manifest) -> Entry | None:
        """Gives `staged` the entry's name; the winner's entry if it has one, None if damaged."""
        held = self._lock(key, Mode.SHARED)
        try:
            try:
                os.rename(staged, self.entries / str(key))
                sync_directory(self.entries)
                return Entry(key, self.entries / str(key), manifest, held)
            except OSError as error:
                if error.errno not in _TAKEN:
                    raise explained(error, "publish", self.entries / str(key)) from None
            found = self._load(key)
            if isinstance(found, Manifest):
                return self._used(key, found, held)
        except BaseException:
            held.close()
            raise
        held.close()
        return None

    def _discard_damaged(self, key: Key) -> None:
        if not isinstance(self._load(key), Manifest):
            self.remove(key)

    def _load(self, key: Key) -> Manifest | str:
        directory = self.entries / str(key)
        try:
            return load(directory, key)
        except OSError as error:
            raise explained(error, "read", directory) from None

    def _used(self, key: Key, manifest: Manifest, held: Lock) -> Entry:
        directory = self.entries / str(key)
        try:
            os.utime(directory / USED)
        except OSError as error:
            raise explained(error, "record the use of", directory) from None
        return Entry(key, directory, manifest, held)

    def _lock(self, key: Key, mode: Mode) -> Lock:
        what = f"store entry {key} to be {'free' if mode is Mode.EXCLUSIVE else 'cleaned'}"
        return lock(self._lock_path(key), mode, what)

    def _try_exclusive(self, key: Key) -> Lock | None:
        return try_lock(self._lock_path(key), Mode.EXCLUSIVE)

    def _lock_path(self, key: Key) -> Path:
        # never removed: those who wait for it would wait for a file that nobody else can find
        return self.root / "locks" / f"{key}.lock"


def open_store(root: Path | None = None) -> Store | NoStore:
    """The store at `root`, or at the default place; the reason if there can be none."""
    try:
        return Store(default_root() if root is None else root)
    except InfraError as error:
        return NoStore(str(error))


def existing_store(root: Path) -> Store | None:
    """The store at `root`, if there is one.

    Raises:
      InfraError: there is something that is none.
    """
    check_directory(root)
    return Store(root) if root.is_dir() else None


def require_one_filesystem(source: Path, target: Path) -> None:
    """Refuses a rename that would have to copy.

    Raises:
      InfraError: naming both file systems.
      FileNotFoundError: one of the two does not exist.
    """
    here, there = filesystem_of(source), filesystem_of(target)
    if not here.same(there):
        raise InfraError(
            f"cannot publish {source} into {target}: the first is on {here}, the second on "
            f"{there}, and publishing is a rename; stage it on the store's file system"
        )
