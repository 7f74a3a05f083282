# SPDX-License-Identifier: Apache-2.0
"""Numbers with an SI or IEC prefix and a unit, as benchmarks print them: 12.5k, 3MiB, 250us."""

from __future__ import annotations

import re
from dataclasses import dataclass

# SI prefixes as powers of 1000 (BIPM brochure, table 7), IEC 80000-13 ones as powers of 1024
_LARGE = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_BINARY = {f"{letter}i": 1024.0**power for power, letter in enumerate("KMGTPE", 1)} | {"ki": 1024.0}
# both signs for micro: U+00B5 and U+03BC
_SMALL = {"m": 1e-3, "u": 1e-6, "\u00b5": 1e-6, "\u03bc": 1e-6, "n": 1e-9, "p": 1e-12}
# what stands behind a prefix; anything else is a word, and its first letter no prefix (5 Threads)
_COUNTED = "B|b|bit|bits|Byte|Bytes|byte|bytes|bps|Bps|iops|IOPS|op|ops|req|msg|pkt|pps|rps|Hz"
_PHYSICAL = "s|sec|secs|J|W|V|A"
_PER = "(?:/[A-Za-z]+)?"

_NUMBER = (
    r"[+-]?(?:(?!0x)(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|(?:inf(?:inity)?|nan)(?![a-z]))"
)
_QUANTITY = re.compile(
    rf"(?P<number>{_NUMBER})(?:\s*(?P<unit>[A-Za-z%\u00b5\u03bc][\w%\u00b5\u03bc/*^.-]*))?",
    re.IGNORECASE,
)
_LARGE_UNIT = re.compile(f"({'|'.join((*_BINARY, *_LARGE))})((?:{_COUNTED}|{_PHYSICAL})?{_PER})")
_SMALL_UNIT = re.compile(f"([{''.join(_SMALL)}])((?:{_PHYSICAL}){_PER})")


@dataclass(frozen=True)
class Quantity:
    """A number in its base unit; `unit` is what is left of the suffix without its prefix."""

    value: float
    unit: str = ""


def parse_quantity(text: str) -> Quantity | None:
    """The number that is all of `text`, None if it is none.

    A prefix scales: 12.5k is 12500, 3MiB 3145728, 1.2GB/s 1.2e9, 250us 0.00025.  Prefixes below 1
    count only in front of a unit of time, energy, power, voltage or current: `5m` may be minutes,
    and its suffix is taken for a unit, as is every other word: `5 Threads` is 5.  Minutes and hours
    are words, too: they are no SI.  `nan` and `inf` are numbers here; checks fail them.
    """
    found = _QUANTITY.fullmatch(text.strip())
    if found is None:
        return None
    value, suffix = float(found["number"]), found["unit"] or ""
    for pattern, factors in ((_LARGE_UNIT, _LARGE | _BINARY), (_SMALL_UNIT, _SMALL)):
        scaled = pattern.fullmatch(suffix)
        if scaled is not None:
            return Quantity(value * factors[scaled[1]], scaled[2])
    return Quantity(value, suffix)
