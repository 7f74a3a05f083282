# SPDX-License-Identifier: Apache-2.0
"""What was probably meant by a name that there is not."""

from __future__ import annotations

from collections.abc import Iterable

# of 2; below it two names have nothing to do with each other
_LEAST = 0.7


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` (did you mean NAME?)`, with the nearest of `known`; empty where none is near.

    Names are near that have parts in common (`p99_wake_us`, `wake_p99_us`), or letters.
    """
    import difflib  # only errors need it

    parts = set(name.split("_"))

    def likeness(other: str) -> float:
        theirs = set(other.split("_"))
        same = len(parts & theirs) / len(parts | theirs)
        return same + difflib.SequenceMatcher(None, name, other).ratio()

    score, best = max(((likeness(other), other) for other in known), default=(0.0, ""))
    return f" (did you mean {best!r}?)" if score >= _LEAST else ""
