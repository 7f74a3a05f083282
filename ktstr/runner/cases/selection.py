# SPDX-License-Identifier: Apache-2.0
"""Which tests of a target run: `--test_filter` and shards, decided on names alone."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass

from ktstr.model.errors import UsageError

_GLOB = frozenset("*?[")


@dataclass(frozen=True)
class Shard:
    """Shard `index` (from 0) of `total`."""

    index: int = 0
    total: int = 1

    def __post_init__(self) -> None:
        if self.total < 1 or not 0 <= self.index < self.total:
            raise UsageError(
                f"shard {self.index} of {self.total}: TEST_SHARD_INDEX must lie within "
                f"0 to TEST_TOTAL_SHARDS - 1"
            )


@dataclass(frozen=True)
class Selection:
    """What was asked for: a filter (empty: everything) and a shard."""

    pattern: str = ""
    shard: Shard = Shard()

    def of(self, names: Sequence[str]) -> tuple[str, ...]:
        """The names to run, in their order.

        The pattern is a comma-separated list; each item is a name, a glob (`*`, `?`, `[`), or part
        of names.  An item that equals a name means that test alone.  Shards deal the rest round
        robin, so that a shard's share depends on the names and nothing else; it may be empty.

        Raises:
            UsageError: the pattern matches no test; the tests that exist are named.
        """
        chosen = [name for name in names if self._matches(name, names)]
        if not chosen:
            raise UsageError(
                f"--test_filter={self.pattern} matches no test; the target has: {', '.join(names)}"
            )
        return tuple(chosen[self.shard.index :: self.shard.total])

    def _matches(self, name: str, names: Sequence[str]) -> bool:
        items = [item.strip() for item in self.pattern.split(",") if item.strip()]
        return not items or any(_item_matches(item, name, names) for item in items)


def _item_matches(item: str, name: str, names: Sequence[str]) -> bool:
    if item in names:
        return item == name
    if _GLOB & set(item):
        return fnmatch.fnmatchcase(name, item)
    return item in name
