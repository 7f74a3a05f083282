# SPDX-License-Identifier: Apache-2.0
"""Bounds of the numbers that work types take: a field's annotation names the least and the most.

They stand here and in the classes alone: a worker takes what it is given.
"""

from __future__ import annotations

import functools
from typing import Annotated, Any, get_type_hints

from ktstr.model.errors import UsageError

MAX_US = 3_600_000_000
MAX_SPIN = 1 << 40

Us = Annotated[int, (1, MAX_US)]
Spin = Annotated[int, (1, MAX_SPIN)]
Kb = Annotated[int, (1, 1 << 20)]
# what one worker writes before it syncs stays far below a disk and its memory
BlockKb = Annotated[int, (1, 1024)]
Blocks = Annotated[int, (1, 1024)]
Many = Annotated[int, (1, 1 << 20)]
Team = Annotated[int, (1, 256)]
Circle = Annotated[int, (2, 256)]


@functools.cache
def bounds_of(kind: type) -> dict[str, tuple[int, int]]:
    """The least and the most of each number that the fields of the dataclass `kind` hold."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        name: hints[name].__metadata__[0]
        for name in kind.__dataclass_fields__  # type: ignore[attr-defined]
        if hasattr(hints[name], "__metadata__")
    }


def check_bounds(record: Any) -> None:
    """Refuses numbers out of bounds.

    Raises:
        UsageError: naming the parameter, its value, and what is allowed.
    """
    kind: type = type(record)
    for name, (low, high) in bounds_of(kind).items():
        value = getattr(record, name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise UsageError(f"{name} is {value!r}; a whole number is needed")
        if value < low:
            raise UsageError(f"{name} is {value}; at least {low} is needed")
        if value > high:
            raise UsageError(f"{name} is {value}; {high} is the most")
