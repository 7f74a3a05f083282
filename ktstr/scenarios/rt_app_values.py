# SPDX-License-Identifier: Apache-2.0
"""The values in an rt-app workload: each of its type and within bounds, or an error that says so.

All raise UsageError, with `where` in front.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean

# times in us, whose nanoseconds are counted in 64 bits; bytes; rounds; seconds
MOST_US = 10**12
MOST_BYTES = 1 << 40
MOST_LOOPS = 10**9
MOST_S = 10**6
_SHOWN = 80


class Object(list[tuple[str, Any]]):
    """A JSON object with all its pairs, in their order."""


def shown(value: Any) -> str:
    """The value, as far as a message has room for it."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return f"of type {type(value).__name__}, beyond all bounds"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def properties(
    given: Object,
    known: tuple[str, ...],
    where: str,
    near: tuple[str, ...] = (),
    refused: Callable[[str], str | None] = lambda _: None,
) -> dict[str, Any]:
    """The values by their names, each of which is known and there once.

    `near` are the names that may be meant, and `refused` says why one is not to be had here.
    """
    for name, _ in given:
        if name in known:
            continue
        why = refused(name)
        if why is not None:
            raise UsageError(f"{where}.{name}: {why}")
        names = near or known
        raise UsageError(
            f"{where}: unknown key {shown(name)}{did_you_mean(name, names)}; keys: "
            f"{', '.join(names)}"
        )
    refuse_twice([name for name, _ in given], where)
    return dict(given)


def refuse_twice(names: list[str], where: str) -> None:
    """Each is to be there once."""
    seen = set()
    for name in names:
        if name in seen:
            raise UsageError(f"{where}: {shown(name)} is there twice")
        seen.add(name)


def check_name(name: str, what: str) -> None:
    """A name stands in messages, and that of a task in /proc, too."""
    if not name.isprintable() or not name.strip():
        raise UsageError(f"{what}: {shown(name)} is no name: it is empty, or cannot be printed")


def object_of(value: Any, where: str) -> Object:
    """It is an object."""
    if not isinstance(value, Object):
        raise UsageError(f"{where} is {shown(value)}; expected an object")
    return value


def number(value: Any, where: str, least: int, most: int) -> int:
    """It is a whole number, from `least` to `most`."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise UsageError(
            f"{where} is {shown(value)}; expected a whole number of at least {least} and at most "
            f"{most}"
        )
    return value


def text(value: Any, where: str) -> str:
    """It is a text."""
    if not isinstance(value, str):
        raise UsageError(f"{where} is {shown(value)}; expected a text")
    return value


def flag(value: Any, where: str) -> bool:
    """It is true or false."""
    if not isinstance(value, bool):
        raise UsageError(f"{where} is {shown(value)}; expected true or false")
    return value
