# SPDX-License-Identifier: Apache-2.0
"""Units as benchmarks print them, and what each makes of a number: docs/quantities.md has them all.

Prefixes are those of the BIPM brochure (table 7) and of IEC 80000-13.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntFlag


class _Takes(IntFlag):
    """Which prefixes a unit takes."""

    NONE = 0
    SMALL = 1
    LARGE = 2
    BINARY = 4


@dataclass(frozen=True)
class Scale:
    """A unit in terms of a base unit: the number times 10**`power` times `factor`."""

    base: str
    power: int = 0
    factor: float = 1.0


_SMALL = {"m": -3, "u": -6, "\u00b5": -6, "\u03bc": -6, "n": -9, "p": -12}
_LARGE = {"k": 3, "K": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {f"{letter}i": 1024.0**power for power, letter in enumerate("KMGTPE", 1)} | {"ki": 1024.0}
# prefixes in full, which go with names in full
_WORDS_SMALL = {"milli": -3, "micro": -6, "nano": -9, "pico": -12}
_WORDS_LARGE = {"kilo": 3, "mega": 6, "giga": 9, "tera": 12}
_WORDS_BINARY = {word: 1024.0**n for n, word in enumerate(("kibi", "mebi", "gibi", "tebi"), 1)}

_SIZED = _Takes.LARGE | _Takes.BINARY
_BOTH = _Takes.SMALL | _Takes.LARGE
# base unit, which prefixes, base units of one, names: those of three letters and more in any case
_NAMES: tuple[tuple[str, _Takes, float, str], ...] = (
    ("s", _Takes.SMALL, 1.0, "s sec secs second seconds"),
    ("s", _Takes.NONE, 60.0, "min mins minute minutes"),
    ("s", _Takes.NONE, 3600.0, "h hr hrs hour hours"),
    ("s", _Takes.NONE, 86400.0, "day days"),
    ("B", _SIZED, 1.0, "B byte bytes"),
    ("bit", _SIZED, 1.0, "b bit bits"),
    ("B/s", _SIZED, 1.0, "Bps"),
    ("bit/s", _SIZED, 1.0, "bps"),
    ("Hz", _Takes.LARGE, 1.0, "Hz hz HZ hertz"),
    ("J", _BOTH, 1.0, "J joule joules"),
    ("W", _BOTH, 1.0, "W watt watts"),
    ("V", _BOTH, 1.0, "V volt volts"),
    ("A", _BOTH, 1.0, "A amp amps ampere amperes"),
    ("%", _Takes.NONE, 1.0, "% pct percent"),
    # things counted, which stay as they are written
    ("", _SIZED, 1.0, "op ops operation operations iops call calls cycle cycles event events"),
    ("", _SIZED, 1.0, "fault faults flop flops instruction instructions iteration iterations"),
    ("", _SIZED, 1.0, "loop loops message messages msg msgs packet packets page pages pkt pkts"),
    ("", _SIZED, 1.0, "query queries req reqs request requests sample samples switch switches"),
    ("", _SIZED, 1.0, "thread threads transaction transactions mps pps qps rps tps"),
    ("", _SIZED, 1.0, "eps fps inst insts insn insns ips item items iter iters job jobs key keys"),
    ("", _SIZED, 1.0, "lookup lookups lps read reads record records row rows task tasks txn txns"),
    ("", _SIZED, 1.0, "update updates wakeup wakeups write writes"),
)
_EXACT = {name: row for row in _NAMES for name in row[3].split()}
_FOLDED = {name.casefold(): row for name, row in _EXACT.items() if name not in ("Bps", "bps")}
_LONG = 3  # letters from which a name counts in any case
# words that are numbers or parts of them, that go on to another, and those of dates and times that
# nothing is counted in
_NUMERALS = (
    "hundred thousand million billion trillion dozen half quarter lakh crore mio mil mill mln mn "
    "mrd mlrd bn bil bln tn trn tril tys tsd mille tenth hundredth thousandth "
    "millionth billionth nan inf e"
)
_ORDINALS = "st nd rd th"
_LINKS = "per to"
_PREFIXES = "kilo mega giga tera milli micro nano pico"
_TIMES = "as fs cs mus d w y mo yr yrs week weeks month months year years am pm"
_OCTETS = "ko mo go"  # French for KB, MB, GB
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_NO_WORDS = frozenset(
    " ".join((_NUMERALS, _ORDINALS, _LINKS, _PREFIXES, _TIMES, _OCTETS, _MONTHS)).split()
)
_HEX = re.compile("[A-Fa-f]+")
# a prefix in front of a unit that is not known here: no English word begins so
_PREFIXED = re.compile(
    "[kKMGTPE][A-Z]|[kKmMnG][^aehilnoruwyA-Z]|[pPT][^aehilnorstuwyA-Z]",
)


# in front of a `/`, one that begins like a word: `Kblobs/s`
_MAYBE_PREFIXED = re.compile("[kKMGT][a-z]{3,}")


def unit_scale(text: str, *, attached: bool = False) -> Scale | None:
    """What the unit `text` makes of a number; None if that cannot be said for certain.

    `text`: a unit, or several with `/` between them, the first of which may be missing (`/s`).  A
    word that is no unit is a thing counted, and scales nothing: `Threads`.  None are: a prefix
    whose meaning hangs on its case (`mb`, `MS`), one that stands alone and is ambiguous (`m`), one
    in front of what is not known, words for numbers (`million`), ordinals (`th`), digits within
    and letters that are not ASCII's, and, with `attached`, what may be the digits of a hexadecimal
    number.
    """
    parts = text.split("/")
    base, power, factor = "", 0, 1.0
    if len(parts) > 1 and _MAYBE_PREFIXED.match(parts[0]) and _known(parts[0]) is None:
        return None
    for index, part in enumerate(parts):
        if part == "#" and len(parts) > 1:
            part = ""
        if index == 0 and not part:
            continue
        scale = _one(part, attached and len(parts) == 1)
        if scale is None:
            return None
        if index == 0:
            base, power, factor = scale.base, scale.power, scale.factor
        else:
            base += f"/{scale.base}"
            power -= scale.power
            factor /= scale.factor
    return Scale(base, power, factor)


def known_unit(text: str) -> bool:
    """Whether `text` is a unit or prefix of the tables, and not merely a word."""
    head = text.partition("/")[0]
    return _known(head) is not None or (head != text and unit_scale(text) is not None)


def _one(word: str, attached: bool) -> Scale | None:
    scale = _known(word)
    if scale is not None:
        return scale
    folded = word.casefold()
    # words of other scripts may be units, or numerals
    if not (word.isalpha() and word.isascii()) or {folded, folded.removesuffix("s")} & _NO_WORDS:
        return None
    if attached and _HEX.fullmatch(word):
        return None
    if word in _SMALL or _clashes(word) or _PREFIXED.match(word):
        return None
    return Scale(word)


def _known(word: str) -> Scale | None:
    if word in _LARGE and word != "E":
        return Scale("", _LARGE[word])
    if word in _BINARY:
        return Scale("", 0, _BINARY[word])
    row = _row(word)
    if row is not None:
        return Scale(row[0] or word, 0, row[2])
    for prefixes, takes in ((_SMALL, _Takes.SMALL), (_LARGE, _Takes.LARGE)):
        row = _row(word[1:]) if word[:1] in prefixes else None
        if row is not None and row[1] & takes:
            return Scale(row[0] or word[1:], prefixes[word[:1]])
    row = _row(word[2:]) if word[:2] in _BINARY else None
    if row is not None and row[1] & _Takes.BINARY:
        return Scale(row[0] or word[2:], 0, _BINARY[word[:2]])
    return _in_full(word.casefold())


def _in_full(word: str) -> Scale | None:
    """Prefix and name written out: `milliseconds`."""
    for length in (5, 4):
        prefix, name = word[:length], word[length:]
        row = _FOLDED.get(name) if len(name) >= _LONG else None
        if row is None:
            continue
        for prefixes, takes in ((_WORDS_SMALL, _Takes.SMALL), (_WORDS_LARGE, _Takes.LARGE)):
            if prefix in prefixes and row[1] & takes:
                return Scale(row[0] or name, prefixes[prefix])
        if prefix in _WORDS_BINARY and row[1] & _Takes.BINARY:
            return Scale(row[0] or name, 0, _WORDS_BINARY[prefix])
    return None


def _row(name: str) -> tuple[str, _Takes, float, str] | None:
    row = _EXACT.get(name)
    if row is None and len(name) >= _LONG:
        row = _FOLDED.get(name.casefold())
    return row


def _clashes(word: str) -> bool:
    """Whether the word would be a unit if its letters had another case."""
    folded = word.casefold()
    spellings = {folded, folded[:1].upper() + folded[1:]}
    spellings |= {f"{each[:-1]}{each[-1:].upper()}" for each in spellings}
    return any(_known(each) is not None for each in spellings)
