# SPDX-License-Identifier: Apache-2.0
"""Quantities as benchmarks print them: 12.5k, 1,234,567, 230 us, 17.1 usecs/op, 0.017 [sec].

The one grammar of all extractors.  docs/quantities.md has it in full.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from ktstr.model.output.units import known_unit, unit_scale

_BEGINNINGS = frozenset("0123456789+-.[(nNiI")  # most words are dismissed by these
_MOST = 200  # characters of one quantity
_NUMBER = re.compile(
    r"""(?P<sign>[+-]?)
    (?:
      (?P<grouped>[1-9][0-9]{0,2}(?:,[0-9]{3})+(?![0-9,])(?:\.[0-9]+)?)
      | (?P<plain>(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)) (?:[eE](?P<power>[+-]?[0-9]{1,6}))?
      | (?P<none>(?:[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN])(?![^\W_]))
    )
    (?=[\s%\[(/]|[^\W\d_]|\Z)""",
    re.VERBOSE,
)
_WORD = r"(?:%|[^\W\d_]+)"
_UNIT = re.compile(
    rf"(?P<unit>(?:{_WORD}|\#)?(?:/{_WORD})+|{_WORD})(?:\s+per\s+(?P<per>{_WORD}))?"
    r"(?=[\s,;)\](]|\Z)"
)
_BRACKET = re.compile(r"\s*(?:\[\s*([^\[\]()]*?)\s*\]|\(\s*([^\[\]()]*?)\s*\))")
_BEFORE = re.compile(r"[\[(]\s*([^\s\[\]()]+)\s*[\])]\s*(?=[+\-.0-9])")
# what in a remark behind a number may change what it says
_CHANGES = re.compile(
    r"(?<![a-z])[x*\u00d7^]\s*[0-9]|\b[0-9.]+\s*[x*\u00d7^](?![a-z])|\b(?:hundred|thousand|million|billion|trillion|"
    r"dozen|lakh|crore|kilo|mega|giga|tera|milli|micro|nano)s?\b|(?<![\w.])[/\u00f7]\s*[0-9]|\[\s*[0-9.,]+\s*/[^\W\d_]",
    re.IGNORECASE,
)
_WORDS = re.compile(rf"{_WORD}(?:/{_WORD})*")
# of what is counted, or is a part: `12.3 per min`, `10 s`
_COUNTED = re.compile(r"(?:[0-9]|per|/)\s*\Z")
_MINIMUM = "min"  # in brackets it may be that, and no minutes
_LEADING_ZERO = re.compile(r"0[0-9]+\Z")
_RADIX = re.compile(r"[+-]?0[xXoO]")
_LIKE_NUMBER = re.compile(r"[^\w\s]{0,3}\s?[0-9]")


@dataclass(frozen=True)
class Quantity:
    """A number in its base unit; `unit` is what is left of the suffix without its prefix."""

    value: float
    unit: str = ""


def parse_quantity(text: str) -> Quantity | None:
    """The number that is all of `text`, None where that cannot be said for certain.

    Prefixes and units scale: 12.5k is 12500, 3MiB 3145728, 1.2 GB/s 1.2e9, 230 us 0.00023, 2 min
    120.  What is counted does not: 5 Threads is 5.  A remark in brackets may follow: `68 (177
    samples)`.  `nan` and `inf` are numbers here; checks fail them.  Everything else is None and
    never another number: 1,23, 1_000, 1.2.3, 12:34, 3-5, 0x10, 0755, 5m, 5 million, 5 mb.
    """
    text = text.strip()
    if len(text) > _MOST or text[:1] not in _BEGINNINGS:
        return None
    found = leading_quantity(text)
    if found is None:
        return None
    quantity, rest = found
    return quantity if _is_remark(rest, with_unit=bool(quantity.unit)) else None


def leading_quantity(text: str) -> tuple[Quantity, str] | None:
    """The quantity that `text` begins with, and what follows it; None as for `parse_quantity`.

    The unit is the word, or the word in brackets, that follows the number.
    """
    whole, text = text, text[:_MOST]
    before = _BEFORE.match(text)
    unit, start = "", 0
    if before is not None and known_unit(before[1]):
        unit, start = before[1], before.end()
    number = _number_at(text, start)
    if number is None:
        return None
    end = number.end()
    attached = end < len(text) and not text[end].isspace()
    if not unit:
        unit, end = _unit_at(text, end)
    scaled = _scaled(number, unit, attached)
    return None if scaled is None else (scaled, whole[end:])


def is_like_number(text: str) -> bool:
    """Whether `text` begins as a number does: worth a word where it is not understood."""
    return _LIKE_NUMBER.match(text.lstrip()) is not None


def _number_at(text: str, start: int) -> re.Match[str] | None:
    number = _NUMBER.match(text, start)
    if number is None or _RADIX.match(text, start):
        return None
    if _LEADING_ZERO.match(number["plain"] or ""):
        return None
    return number


def _unit_at(text: str, at: int) -> tuple[str, int]:
    """The unit behind a number, and where it ends; empty if none is there."""
    bracket = _BRACKET.match(text, at)
    if bracket is not None:
        inside = bracket[1] or bracket[2] or ""
        if bracket[2] and inside.casefold() == _MINIMUM:
            return "?", at
        return (inside, bracket.end()) if _is_unit(inside) else ("", at)
    blank = len(text[at:]) - len(text[at:].lstrip())
    found = _UNIT.match(text, at + blank)
    if found is None:
        return ("", at) if blank or at == len(text) else ("?", at)
    unit = found["unit"] + (f"/{found['per']}" if found["per"] else "")
    return unit, found.end()


def _is_unit(inside: str) -> bool:
    return _UNIT.fullmatch(inside) is not None and (
        known_unit(inside) or unit_scale(inside) is None or inside.startswith("#")
    )


def _scaled(number: re.Match[str], unit: str, attached: bool) -> Quantity | None:
    scale = unit_scale(unit, attached=attached)
    if scale is None:
        return None
    if number["none"]:
        return Quantity(float(number["sign"] + number["none"]), scale.base)
    digits = number["grouped"].replace(",", "") if number["grouped"] else number["plain"]
    power = int(number["power"] or 0) + scale.power
    value = float(f"{number['sign']}{digits}e{power}") * scale.factor
    lost = not value and any(digit in "123456789" for digit in digits)
    return None if lost or not math.isfinite(value) else Quantity(value, scale.base)


def _is_remark(rest: str, *, with_unit: bool) -> bool:
    """Whether what follows a quantity is nothing, or remarks in brackets that change nothing."""
    while rest := rest.strip():
        bracket = _BRACKET.match(rest)
        if bracket is None or _CHANGES.search(bracket[0]):
            return False
        inside = bracket[1] or bracket[2] or ""
        if _UNIT.fullmatch(inside) and unit_scale(inside) is None:
            return False
        if not with_unit and _scales(inside):
            return False
        rest = rest[bracket.end() :]
    return True


def _scales(remark: str) -> bool:
    """Whether a remark has a unit in it that would make another number: `in ms`, `k ops`."""
    for word in _WORDS.finditer(remark):
        if _COUNTED.search(remark[: word.start()]) or word[0].casefold() == _MINIMUM:
            continue
        scale = unit_scale(word[0]) if known_unit(word[0]) else None
        if scale is not None and (scale.power or scale.factor != 1.0):
            return True
    return False
