# SPDX-License-Identifier: Apache-2.0
"""What a layer holds, path by path, and where two layers contradict each other."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass

from ktstr.initramfs.newc import Entry
from ktstr.model.errors import UsageError


@dataclass(frozen=True)
class Item:
    """One path of a layer.  `mode`: st_mode, 8 octal digits at most; `source`: for messages."""

    mode: str
    digest: str
    source: str


@dataclass(frozen=True)
class Index:
    """The paths of one layer; `owner` says whose it is, e.g. the label of its target."""

    owner: str
    items: dict[str, Item]

    def to_json(self) -> str:
        """Canonical text: the same index, the same bytes."""
        items = {path: astuple(item) for path, item in self.items.items()}
        return json.dumps({"owner": self.owner, "items": items}, sort_keys=True, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Index:
        """The index that `to_json` wrote."""
        data = json.loads(text)
        return cls(data["owner"], {path: Item(*each) for path, each in data["items"].items()})


def index_of(owner: str, entries: Iterable[Entry]) -> Index:
    """The index of a layer's entries and of the directories above them.

    Raises:
      UsageError: one of them lies below another that is no directory.
    """
    items = {entry.path: _item(entry) for entry in entries}
    for path, item in list(items.items()):
        for above in _parents(path):
            file = items.setdefault(above, _DIRECTORY)
            if file != _DIRECTORY:
                raise UsageError(
                    f"/{path} of the guest ({item.source}) would lie below /{above}, which is a "
                    f"file ({file.source}); give one of them another path"
                )
    return Index(owner, items)


def check_collisions(indexes: Iterable[Index]) -> None:
    """Sees that layers may lie on top of each other in any order.

    Raises:
      UsageError: two of them hold one path with different files; both are named.
    """
    seen: dict[str, tuple[str, Item]] = {}
    for index in indexes:
        for path, item in index.items.items():
            owner, other = seen.setdefault(path, (index.owner, item))
            if (other.mode, other.digest) != (item.mode, item.digest):
                raise UsageError(
                    f"/{path} of the guest would come from two different files: "
                    f"{_described(owner, other)} and {_described(index.owner, item)}; give one "
                    f"of them another path, or take both from one root"
                )


# Permissions of directories may differ: none of a payload's is another's business.
_DIRECTORY = Item("directory", "", "")


def _item(entry: Entry) -> Item:
    if stat.S_ISDIR(entry.mode):
        return _DIRECTORY
    content = f"{entry.rdev} ".encode() + entry.data()
    return Item(f"{entry.mode:o}", hashlib.sha256(content).hexdigest(), entry.source)


def _parents(path: str) -> Iterator[str]:
    end = path.find("/")
    while end >= 0:
        yield path[:end]
        end = path.find("/", end + 1)


def _described(owner: str, item: Item) -> str:
    what = f"{item.source}, mode {item.mode}" if item.source else f"an entry of mode {item.mode}"
    return f"{what} ({owner})"
