# SPDX-License-Identifier: Apache-2.0
"""docs/invariants.md out of the library: with BUILD_WORKSPACE_DIRECTORY set, writes it anew."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from ktstr.introspect.invariants.instants import LEFT, PUT, TICKED
from ktstr.introspect.invariants.invariant import Blame, Category, Instant, Invariant
from ktstr.introspect.invariants.library.all import INVARIANTS

PAGE = Path("docs/invariants.md")
# what is written by hand ends with this heading
TABLES = "## All of them\n"


def page(text: str) -> str:
    """The page with its tables made anew; the rest of `text` stays."""
    by_hand, heading, _ = text.partition(TABLES)
    return by_hand + (heading or TABLES) + "\n" + "\n".join(_tables())


def _tables() -> Iterator[str]:
    for category in Category:
        yield f"### {category.value[0].upper()}{category.value[1:]}\n"
        yield "| name | what always holds | looked at | source | kernels |"
        yield "|---|---|---|---|---|"
        for each in INVARIANTS:
            if each.category is category:
                yield _row(each)
        yield ""


def _row(each: Invariant) -> str:
    says = each.says
    if each.blame is Blame.SCHEDULER:
        says += " A BPF scheduler can break it."
    places = ", ".join(_places(each.at))
    since = ".".join(map(str, each.since))
    until = f" until {'.'.join(map(str, each.until))}" if each.until else ""
    return f"| `{each.name}` | {says} | {places} | {each.source} | from {since}{until} |"


def _places(instants: tuple[Instant, ...]) -> Iterator[str]:
    """The instants, those of all classes in one."""
    left = list(instants)
    for all_of, words in (
        (TICKED, "any class's tick"),
        (LEFT, "any class's dequeue"),
        (PUT, "any class's enqueue"),
    ):
        if set(all_of) <= set(left):
            left = [each for each in left if each not in all_of]
            yield words
    yield from (instant.says() for instant in left)


def main() -> int:
    path = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"]) / PAGE
    path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
