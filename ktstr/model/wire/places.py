# SPDX-License-Identifier: Apache-2.0
"""How a part of a kernel's variable or of a map's entry is named: `name.field`, `hist[2].low`."""

from __future__ import annotations

import re

from ktstr.model.errors import UsageError

# of a map's entry: a number, or those of a structure's members in their order
Key = int | tuple[int, ...]

_PART = re.compile(r"(?:^|(?<!^)\.)([A-Za-z_]\w*)|\[(\d+)\]", re.ASCII)


def parse_place(text: str) -> tuple[str | int, ...]:
    """The names and numbers that lead to the part; empty for an empty text.

    Raises:
        UsageError: it is not written as C writes members and elements.
    """
    parts: list[str | int] = []
    at = 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or (found[0].startswith(".") and not parts):
            raise UsageError(
                f"{text!r} names nothing: expected names as C has them, e.g. 'jiffies', "
                f"'hist[2].low'; what is wrong begins at {text[at:]!r}"
            )
        parts.append(found[1] if found[1] is not None else int(found[2]))
        at = found.end()
    return tuple(parts)


def entry_name(name: str, key: Key, field: str) -> str:
    """How a part of a map's entry is written: `cpu_ctx[3].nr_queued`, `by_pair[3, -1]`."""
    dot = "." if field and not field.startswith("[") else ""
    numbers = ", ".join(map(str, key)) if isinstance(key, tuple) else key
    return f"{name}[{numbers}]{dot}{field}"


def parse_variable(text: str) -> tuple[str, tuple[str | int, ...]]:
    """The name of a variable, and the way to the part of it.

    Raises:
        UsageError: it does not begin with a name.
    """
    parts = parse_place(text)
    if not parts or not isinstance(parts[0], str):
        raise UsageError(f"{text!r} names no variable: it begins with none's name")
    return parts[0], parts[1:]
