# SPDX-License-Identifier: Apache-2.0
"""What callers of the store want: the entry of a key, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ktstr.store.cleaning import clean
from ktstr.store.entry import Entry
from ktstr.store.key import Key
from ktstr.store.store import Store

DEFAULT_LIMIT = 10 << 30


def obtain(
    store: Store, key: Key, fill: Callable[[Path], None], limit: int = DEFAULT_LIMIT
) -> Entry:
    """The entry of `key`, published with `fill` if there is none.

    After publishing, the least recently used entries that are not in use make room until the store
    takes `limit` bytes at most.

    Raises:
      InfraError: as Store.publish.
    """
    entry = store.lookup(key)
    if entry is not None:
        return entry
    entry = store.publish(key, fill)
    try:
        clean(store, limit)
    except BaseException:
        entry.close()
        raise
    return entry
