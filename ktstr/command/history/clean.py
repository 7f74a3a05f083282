# SPDX-License-Identifier: Apache-2.0
"""Cleans the store on this machine, and says what it did and kept, and why.

  ktstr clean                     only what nobody can use
  ktstr clean --limit=10GiB       and the least recently used
  ktstr clean --all        all that is not in use

--runs_before cleans the history instead: runs that began before that time go, and what no other
run has of their results.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from ktstr.command.context import Context
from ktstr.command.history.asked import add_history, opened
from ktstr.history.pruning import prune
from ktstr.model.errors import UsageError
from ktstr.model.output.quantity import parse_quantity
from ktstr.store.cleaning import Cleaning, clean
from ktstr.store.directory import default_root
from ktstr.store.store import existing_store

HELP = "clean the store, or the history"

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


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("--store", help="where it is; default: in the user's cache")
    parser.add_argument("--limit", metavar="BYTES", help="how much to leave, e.g. 10GiB")
    parser.add_argument("--all", action="store_true", help="leave nothing that is not in use")
    parser.add_argument("--verify", action="store_true", help="read all contents, too")
    parser.add_argument("--runs_before", metavar="TIME", help="of the history: e.g. 2026-01-31")
    add_history(parser)


def run(options: argparse.Namespace, context: Context) -> int:
    """Cleans.

    Raises:
        UsageError, InfraError: an argument is none, or it cannot be cleaned.
    """
    if options.runs_before is not None:
        return _clean_history(options, context)
    if options.all and options.limit is not None:
        raise UsageError("--all and --limit exclude each other")
    # with --all nothing is within the limit, not even what takes no block
    limit = -1 if options.all else _NO_LIMIT
    if options.limit is not None:
        limit = parse_limit(options.limit)
    root = default_root(context.environ) if options.store is None else context.path(options.store)
    store = existing_store(root)
    if store is None:
        lines = [f"store {root}: there is none, so there is nothing to clean"]
        taken = 0
    else:
        cleaning = clean(store, limit, verify=options.verify)
        lines, taken = list(render(root, cleaning)), cleaning.taken
    if options.json:
        context.answer({"store": str(root), "bytes": taken, "told": lines})
    else:
        context.say(*lines)
    return 0


def _clean_history(options: argparse.Namespace, context: Context) -> int:
    with opened(options, context) as connection:
        pruned = prune(connection, options.runs_before)
    if options.json:
        context.answer({"runs": pruned.runs, "results": pruned.results})
    else:
        context.say(f"removed {pruned.runs} runs, and {pruned.results} results that no other has")
    return 0
