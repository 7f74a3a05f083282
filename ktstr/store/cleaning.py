# SPDX-License-Identifier: Apache-2.0
"""Cleaning: damaged entries go, and the least recently used ones until the rest fits a limit."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ktstr.model.errors import UsageError
from ktstr.store.filesystem import explained
from ktstr.store.key import Key, parse_key
from ktstr.store.manifest import USED, damage, load
from ktstr.store.staging import Sweep
from ktstr.store.store import Store

_BLOCK = 512  # the unit of st_blocks, whatever the file system's block size (stat(2))


@dataclass(frozen=True)
class Occupant:
    """Something among the entries.  key: None for a foreign name.

    taken: bytes allocated to it: holes do not count, shared blocks do.  used_ns: when it was last
    used, since the epoch; 0 if nothing says.  damage: why it cannot be used; empty if it can.
    """

    name: str
    key: Key | None
    taken: int
    used_ns: int
    damage: str = ""


@dataclass(frozen=True)
class Fate:
    """What became of an occupant, and why."""

    occupant: Occupant
    removed: bool
    reason: str


@dataclass(frozen=True)
class Cleaning:
    """What cleaning did, the least recently used entry first."""

    fates: tuple[Fate, ...]
    swept: Sweep

    @property
    def taken(self) -> int:
        """Bytes that are still allocated."""
        return sum(fate.occupant.taken for fate in self.fates if not fate.removed)


def clean(store: Store, limit: int, *, verify: bool = False) -> Cleaning:
    """Removes damaged entries, then the least recently used until `limit` bytes are left at most.

    Entries in use, foreign names and staging of live processes stay. verify: reads the contents of
    all entries, too, and takes those that have changed for damaged.

    Raises:
      InfraError: the store cannot be read, or something that should go cannot be removed.
    """

    def remove(key: Key) -> bool:
        with store.exclusively(key, wait=False) as own:
            if own:
                store.remove(key)
            return own

    return Cleaning(tuple(decide(occupants(store, verify=verify), limit, remove)), store.swept)


def decide(found: Sequence[Occupant], limit: int, remove: Callable[[Key], bool]) -> list[Fate]:
    """The fate of each, removing with `remove`, which says False for what is in use.

    Foreign names stay and do not count. What is in use counts, so others go in its place.
    """
    total = sum(one.taken for one in found if one.key is not None)
    fates = {}
    # the damaged first: what they free may save an entry that works
    for one in sorted(found, key=lambda one: (not one.damage, one.used_ns, one.name)):
        removed, reason = False, "within the limit"
        if one.key is None:
            reason = "not a name of this store"
        elif one.damage or total > limit:
            removed = remove(one.key)
            reason = one.damage or "least recently used"
            if not removed:
                reason = f"{one.damage}, but in use" if one.damage else "in use"
            total -= one.taken if removed else 0
        fates[one.name] = Fate(one, removed, reason)
    return [fates[one.name] for one in found]


def occupants(store: Store, *, verify: bool = False) -> list[Occupant]:
    """All that is among the entries, the least recently used first.

    Raises:
      InfraError: the store cannot be read.
    """
    try:
        names = os.listdir(store.entries)
        found = [_occupant(store.entries / name, verify) for name in names]
    except OSError as error:
        raise explained(error, "read", store.entries) from None
    present = [one for one in found if one is not None]
    return sorted(present, key=lambda one: (one.used_ns, one.name))


def _occupant(path: Path, verify: bool) -> Occupant | None:
    try:
        key = parse_key(path.name)
    except UsageError:
        return Occupant(path.name, None, 0, 0)
    try:
        manifest = load(path, key)
        if isinstance(manifest, str):
            return Occupant(path.name, key, _taken(path), _used_ns(path), manifest)
        reason = damage(path, manifest) if verify else ""
        return Occupant(path.name, key, _taken(path), _used_ns(path), reason)
    except FileNotFoundError:
        if os.path.lexists(path):
            raise
        return None  # somebody has just removed it


def _taken(path: Path) -> int:
    found = path.lstat()
    blocks = found.st_blocks
    if path.is_dir() and not path.is_symlink():
        for folder, _, names in os.walk(path):
            blocks += sum(Path(folder, name).lstat().st_blocks for name in names)
    return blocks * _BLOCK


def _used_ns(path: Path) -> int:
    try:
        return (path / USED).stat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):
        return 0
