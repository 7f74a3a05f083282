# SPDX-License-Identifier: Apache-2.0
"""Parts of a value of the guest: as an answer has them, and set."""

from __future__ import annotations

import json
from typing import Any

from ktstr.introspect.debugger.value import Value
from ktstr.introspect.memory.memory import Memory
from ktstr.model.errors import NoSuchName

# what a rendering has in place of what is too much of it
_CUT = '"..."'


def read_part(value: Value, path: str, what: str) -> Any:
    """A part as JSON has it; all of the value where `path` is empty.  `what` is how it is called.

    Raises:
      UnknownName: there is no such part; the nearest is named.
      NoSuchName: there is more of it than an answer holds.
      BtfError: the types contradict themselves.
    """
    found = value.at(path) if path else value
    plain = found.json() if isinstance(found, Value) else found
    if _CUT in json.dumps(plain):
        raise NoSuchName(f"{what} has more parts than an answer holds: ask for one of them")
    return plain


def write_part(value: Value, path: str, number: int, memory: Memory, what: str) -> int:
    """Sets a number, and returns what it was.

    Raises:
      UnknownName: there is no such part, it is no number, or the number does not fit.
      MemoryFault: it cannot be written.
    """
    before = read_part(value, path, what)
    value.write(memory, path, number)
    if not isinstance(before, int):
        # an enum or a pointer at the value itself
        before = int.from_bytes(value.data, "little")
    return before
