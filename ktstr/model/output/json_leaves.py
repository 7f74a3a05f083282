# SPDX-License-Identifier: Apache-2.0
"""The numbers in JSON documents that stand somewhere in a text, as dotted paths.

Not the standard library's decoder: that one builds the whole tree (hundreds of megabytes for what
a payload may print, in a guest that has not as much), recurses, and takes time in proportion to
all that came before for every error.  This one keeps a path and passes over each character once.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

MAX_DEPTH = 64
MAX_NAME = 200  # characters
MAX_LEAVES = 10_000
MAX_VALUES = 250_000
_SHOWN = 40
_STRANGE = 20

# RFC 8259, and the numbers that are none, as Python and as C's printf write them
_STRING = r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"'
_NUMBER = r"-?(?:(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+|Infinity|inf|NaN|nan)"
_SCALAR = re.compile(f"(?P<number>{_NUMBER})|(?P<string>{_STRING})|true|false|null")
_KEY = re.compile(f"({_STRING})[ \\t\\n\\r]*+:[ \\t\\n\\r]*+")
_BLANKS = re.compile(r"[ \t\n\r]*+")
# a bracket that something can follow: a flood of others is passed over here, at a regex's pace
_START = re.compile(r'\{(?=[ \t\n\r]*+["}])|\[(?=[ \t\n\r]*+[\[{"\]0-9tfnNiI-])')
_PARTIAL = re.compile(r'(?:"(?:[^"\\\x00-\x1f]++|\\.)*+\\?|[\w.+-]*+)\Z')
_CLOSERS = {"{": "}", "[": "]"}


@dataclass(frozen=True)
class Document:
    """One object or array of a text.

    leaves: name and value in the order of the text.  left_out: numbers beyond MAX_LEAVES, or whose
    names are longer than MAX_NAME.  too_deep: the path below which nothing was read, since it nests
    deeper than MAX_DEPTH; empty if none.  cut: why none of it counts: the text ends inside it, it
    breaks, or it goes beyond MAX_VALUES.  key: the values of its own `key` fields, joined by dots.
    strange: the first numbers that no float holds (`1e999`), each with its name.
    """

    leaves: tuple[tuple[str, float | str], ...]
    left_out: int = 0
    too_deep: str = ""
    cut: str = ""
    key: str = ""
    strange: tuple[tuple[str, str], ...] = ()


def documents(
    text: str, wanted: Collection[str] = (), key: Sequence[str] = ()
) -> Iterator[Document]:
    """The JSON objects and arrays in `text`, one after another, whatever stands around them.

    A leaf's name is its path: keys as they are (dots in them stay), elements of arrays by index
    from 0, joined by dots.  Instead of its index an element that is an object has the values of its
    `key` fields, those that it has, joined by dots, and behind them a number from 0 where several
    elements of an array have the same.  Booleans and null are no leaves, strings only where a name
    of `wanted` ends as theirs; numbers that it has are never left out for their count. An array
    without objects or arrays in it counts only if it fills its lines: `[12]` in front of a message
    is prose. What breaks off gives nothing: the parts of a broken document would carry wrong names.
    The search goes on where it broke, and ends after MAX_VALUES brackets and values. Of all that
    broke the longest is told of.
    """
    at, left = 0, MAX_VALUES
    longest, torn = 0, ""
    ends = frozenset(name[at:] for name in wanted for at in _after_dots(name))
    while (found := _START.search(text, at)) is not None:
        start = found.start()
        reader = _Reader(text, start, wanted, ends, key)
        complete = reader.read(left)
        left -= reader.values
        at = max(reader.at, start + 1)
        if complete and (reader.nested or _fills_lines(text, start, at)):
            leaves, name = tuple(reader.leaves), reader.key
            strange = tuple(reader.strange)
            yield Document(leaves, reader.left_out, reader.too_deep, key=name, strange=strange)
        elif left <= 0:
            yield Document((), cut=f"more than {MAX_VALUES} JSON values; the rest was not read")
            return
        elif not complete and reader.began and _PARTIAL.match(text, reader.at):
            yield Document((), cut="the output ends inside a JSON document; nothing of it was read")
        elif not complete and reader.began and reader.nested and reader.values > longest:
            longest, torn = reader.values, text[reader.at : reader.at + _SHOWN]
    if longest:
        yield Document((), cut=f"a JSON document breaks before {torn!r}; nothing of it was read")


class _Reader:
    """Follows one document from its opening bracket to its end, or to where it breaks."""

    def __init__(
        self,
        text: str,
        start: int,
        wanted: Collection[str],
        ends: Collection[str],
        key: Sequence[str],
    ) -> None:
        self.at = start
        self.key = ""
        self.leaves: list[tuple[str, float | str]] = []
        self.left_out = 0
        self.strange: list[tuple[str, str]] = []
        self.too_deep = ""
        self.values = 1
        self.began = False  # it holds more than brackets
        self.nested = text[start] == "{"
        self._text = text
        self._wanted, self._ends = wanted, ends
        self._keys = _Keys(key) if key else None
        self._opened = bytearray()  # the brackets that are open: a flood of them stays small
        self._path: list[str | int] = []  # of the first MAX_DEPTH levels
        self._fresh = False  # a container has just been opened

    def read(self, most: int) -> bool:
        """Whether the document is complete; `at` is behind it, or where it broke.

        It breaks, too, after `most` brackets and values.
        """
        alive = self._value()
        while alive and self._opened and self.values < most:
            self.values += 1
            alive = self._next()
        return alive and not self._opened

    def _value(self) -> bool:
        bracket = self._text[self.at : self.at + 1]
        if bracket in ("{", "["):
            self.nested = self.nested or bool(self._opened)
            self._opened.append(ord(bracket))
            if len(self._opened) <= MAX_DEPTH:
                if self._keys is not None:
                    above = sum(len(str(each)) + 1 for each in self._path)
                    self._keys.open(bracket, len(self.leaves), above)
                self._path.append("" if bracket == "{" else -1)
            self.at += 1
            self._fresh = True
            return True
        found = _SCALAR.match(self._text, self.at)
        if found is None:
            return False
        self.at = found.end()
        self.began = True
        if found.lastgroup is not None:
            if self._keys is not None and 0 < len(self._opened) <= MAX_DEPTH:
                self._keys.see(self._path[-1], found)
            self._leaf(found)
        return True

    def _next(self) -> bool:
        """The next element of the innermost container, or that container's end."""
        bracket = chr(self._opened[-1])
        self._skip()
        mark = self._text[self.at : self.at + 1]
        fresh, self._fresh = self._fresh, False
        if mark == _CLOSERS[bracket]:
            self.at += 1
            self._opened.pop()
            if self._keys is not None and len(self._opened) < MAX_DEPTH:
                self.key = self._keys.close(self.leaves)
            del self._path[len(self._opened) :]
            return True
        if not fresh:
            if mark != ",":
                return False
            self.at += 1
            self._skip()
        known = len(self._opened) <= MAX_DEPTH
        if bracket == "[":
            if known:
                self._path[-1] = int(self._path[-1]) + 1
            return self._value()
        key = _KEY.match(self._text, self.at)
        if key is None:
            return False
        self.at = key.end()
        self.began = True
        if known:
            # longer than any name that is kept: each leaf's name is made of it
            self._path[-1] = _unquoted(key[1])[: MAX_NAME + 1]
        return self._value()

    def _skip(self) -> None:
        blanks = _BLANKS.match(self._text, self.at)
        self.at = blanks.end() if blanks else self.at

    def _leaf(self, found: re.Match[str]) -> None:
        number = found.lastgroup == "number"
        full = len(self.leaves) >= MAX_LEAVES
        asked = bool(self._ends) and bool(self._path) and str(self._path[-1]) in self._ends
        if not asked and (full or not number):
            self.left_out += number
            return
        name = ".".join(map(str, self._path))
        if number and _is_lost(found[0]):
            if len(self.strange) < _STRANGE:
                self.strange.append((name, found[0][:MAX_NAME]))
            return
        if len(self._opened) > MAX_DEPTH:
            self.too_deep = self.too_deep or name
        elif name in self._wanted or (asked and not full):
            self.leaves.append((name, float(found[0]) if number else _unquoted(found[0])))
        elif number and not full and len(name) <= MAX_NAME:
            self.leaves.append((name, float(found[0])))
        else:
            self.left_out += number


@dataclass
class _Open:
    """A container that is being read: where its leaves begin, how long its path is, dots included.

    values: of an object's key fields.  elements: of an array, the objects that have a key: where
    the leaves of each begin and end, and the key.
    """

    array: bool
    start: int
    length: int
    values: dict[str, str] = field(default_factory=dict)
    elements: list[tuple[int, int, str]] = field(default_factory=list)


class _Keys:
    """Puts the values of key fields into the paths of leaves, as containers end."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._open: list[_Open] = []

    def open(self, bracket: str, leaves: int, length: int) -> None:
        """A container begins after so many leaves; so long are its path and a dot."""
        self._open.append(_Open(bracket == "[", leaves, length))

    def see(self, name: str | int, found: re.Match[str]) -> None:
        """A number or string of the innermost container."""
        if name in self._names and not self._open[-1].array:
            text = found[0] if found.lastgroup == "number" else _unquoted(found[0])
            if text:
                self._open[-1].values[str(name)] = text[:MAX_NAME]

    def close(self, leaves: list[tuple[str, float | str]]) -> str:
        """The innermost container ends; returns its key."""
        ended = self._open.pop()
        if ended.array:
            times = Counter(key for *_, key in ended.elements)
            seen: Counter[str] = Counter()
            for start, end, key in ended.elements:
                shown = f"{key}.{seen[key]}" if times[key] > 1 else key
                seen[key] += 1
                self._rename(leaves, range(start, end), ended.length, shown)
            return ""
        key = ".".join(ended.values[name] for name in self._names if name in ended.values)
        if key and self._open and self._open[-1].array:
            self._open[-1].elements.append((ended.start, len(leaves), key))
        return key

    def _rename(
        self, leaves: list[tuple[str, float | str]], which: range, length: int, key: str
    ) -> None:
        for index in which:
            name, value = leaves[index]
            _, dot, rest = name[length:].partition(".")
            leaves[index] = (f"{name[:length]}{key}{dot}{rest}", value)


def _after_dots(name: str) -> list[int]:
    """Where the name begins, and each place behind one of its dots."""
    return [0, *(at + 1 for at, character in enumerate(name) if character == ".")]


def _is_lost(number: str) -> bool:
    """Whether no float holds a number: it is too large, or so small that 0 is left of it."""
    value = float(number)
    if value and not math.isinf(value):
        return False
    mantissa = number.lower().partition("e")[0]
    return any(each in "123456789" for each in mantissa)


def _unquoted(token: str) -> str:
    if "\\" not in token:
        return token[1:-1]
    return str(json.loads(token))


def _fills_lines(text: str, start: int, end: int) -> bool:
    before = start - 1
    while before >= 0 and text[before] in " \t":
        before -= 1
    while end < len(text) and text[end] in " \t\r":
        end += 1
    return (before < 0 or text[before] == "\n") and (end == len(text) or text[end] == "\n")
