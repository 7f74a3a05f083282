# SPDX-License-Identifier: Apache-2.0
"""The few pieces of Markdown that reference pages are made of."""

from collections import Counter
from collections.abc import Iterable, Sequence

NOTE = (
    "Made from docstrings: change those, then `tools/bazel run //docs:reference -- --write`. "
    "A test fails while the page is stale."
)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with one line for each row, ending in a newline; empty where there are no rows."""
    lines = [f"| {' | '.join(map(cell, row))} |" for row in rows]
    if not lines:
        return ""
    head = f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}\n"
    return head + "\n".join(lines) + "\n"


def cell(text: str) -> str:
    """A text as a table's cell: in one line, and without what would end it."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    """A text as code; empty stays empty."""
    return f"`{text}`" if text else ""


def contents(names: Iterable[str]) -> str:
    """Links to the page's headings of these names, which come in the page's order.

    Headings that differ in case alone have anchors with a number from the second on.
    """
    links, seen = {}, Counter[str]()
    for name in names:
        place = anchor(name)
        links[name] = f"{place}-{seen[place]}" if seen[place] else place
        seen[place] += 1
    return ", ".join(f"[`{name}`](#{place})" for name, place in sorted(links.items()))


def anchor(heading: str) -> str:
    """Where a link finds a heading: lower case, dashes for blanks, no punctuation else."""
    kept = (one for one in heading.lower() if one.isalnum() or one in " -_")
    return "".join(kept).replace(" ", "-")


def join(parts: Iterable[str]) -> str:
    """Paragraphs, tables and headings with an empty line between; empty ones are left out."""
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"
