# SPDX-License-Identifier: Apache-2.0
"""Cleans the store and says what it did and kept, and why.

tools/bazel run //ktstr/store:clean                        # only what nobody can use
tools/bazel run //ktstr/store:clean -- --limit 10GiB       # and the least recently used
tools/bazel run //ktstr/store:clean -- --all               # everything that is not in use
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ktstr.model.errors import InfraError, UsageError
from ktstr.model.output.quantity import parse_quantity
from ktstr.store.cleaning import Cleaning, clean
from ktstr.store.directory import default_root
from ktstr.store.store import existing_store

_NO_LIMIT = 1 << 63


def parse_limit(text: str) -> int:
    """A number of bytes: 0, 500MB, 10GiB.

    Raises:
      UsageError: it is none, or not a whole one.
    """
    found = parse_quantity(text)
    if found is None or found.unit not in ("", "B") or not 0 <= found.value < _NO_LIMIT:
        raise UsageError(f"--limit {text}: not a number of bytes; 500MB and 10GiB are")
    if found.value != int(found.value):
        raise UsageError(f"--limit {text}: {found.value} is not a whole number of bytes")
    return int(found.value)


def render(root: Path, cleaning: Cleaning) -> Iterator[str]:
    """Lines that tell what was done."""
    yield f"store {root}"
    for name in cleaning.swept.removed:
        yield f"  removed debris {name}: its process is gone"
    for name, reason in cleaning.swept.kept:
        yield f"  kept staging {name}: {reason}" if name else f"  did not sweep: {reason}"
    for fate in cleaning.fates:
        verb = "removed" if fate.removed else "kept"
        one = fate.occupant
        yield f"  {verb} {one.name} ({one.taken / (1 << 20):.1f} MiB): {fate.reason}"
    yield f"  {cleaning.taken / (1 << 20):.1f} MiB stay"


def main(arguments: Sequence[str]) -> int:
    """Runs the command; the exit status."""
    parser = argparse.ArgumentParser(prog="clean", description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, help="where it is; default: in the user's cache")
    parser.add_argument("--limit", metavar="BYTES", help="how much to leave, e.g. 10GiB")
    parser.add_argument("--all", action="store_true", help="leave nothing that is not in use")
    parser.add_argument("--verify", action="store_true", help="read all contents, too")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.all and chosen.limit is not None:
            raise UsageError("--all and --limit exclude each other")
        # with --all nothing is within the limit, not even what takes no block
        limit = -1 if chosen.all else _NO_LIMIT
        if chosen.limit is not None:
            limit = parse_limit(chosen.limit)
        root = default_root() if chosen.store is None else chosen.store
        store = existing_store(root)
        if store is None:
            print(f"store {root}: there is none, so there is nothing to clean")
            return 0
        cleaning = clean(store, limit, verify=chosen.verify)
    except (InfraError, UsageError) as error:
        print(f"clean: {error}", file=sys.stderr)
        return 1
    print("\n".join(render(root, cleaning)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
