# SPDX-License-Identifier: Apache-2.0
"""Lines `key: value` and `key = value`, and the headings that they stand under."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ktstr.model.output.harvest import Record
from ktstr.model.output.quantity import is_like_number, leading_quantity, parse_quantity
from ktstr.model.output.units import known_unit, unit_scale

# a line that can hold a key and a value
_LINE = re.compile(r"^[^\n:=]*+[:=][^\n]*+", re.MULTILINE)
_EQUALS = re.compile(r"(?<![=<>!:+*^|&~-])=(?![=>])")
# what ends a value or begins a key; a comma in front of a digit may be one of thousands
_BREAK = re.compile(r"[;|\t]|,(?![0-9])|\s{2,}|:\s")
_INDENT = re.compile(r"[ \t]*+(?:[*+\u2022>-][ \t]++|\*(?=[0-9]))?+")
_BRACKETED = re.compile(r"[\[(][^\[\]()]*[\])]")
# what tells things of one kind apart: `cpu: 3`, `thread: worker-1`
_BARE = re.compile(r"[+-]?[0-9][0-9.,]*")
_STATISTICS = re.compile(r"\b(?:max|avg|mean|median|maximum|average)\b", re.IGNORECASE)
# what goes on from a number to another
_GOES_ON = re.compile(r"\s*(?:/|(?:per|to|or|plus|minus|times)\b)", re.IGNORECASE)
# how a terminal is told of colours (ECMA-48)
_ESCAPE = re.compile(r"\x1b\[[0-9;:?]*[A-Za-z]")
# what a line of labels begins with: `name{cpu="0"} 5`
_LABELLED = re.compile(r"[\w.:-]+\{[^{}=]*=\s*\"[^{}]*\}")
_OPENING, _CLOSING = "([{", ")]}"
_ID = re.compile(r"[0-9]{1,6}|[A-Za-z_][\w.-]{0,30}")
_RULE = "=-#*~+|> \t"
_TAB = 8
_LABEL = 80
_GAP = 4096  # characters in front of a line in which its headings are looked for
_DEEP = 8
MAX_PAIRS = 10_000  # of a line


@dataclass(frozen=True)
class Pair:
    """A name and what stands behind it; `line`: it is all of its line, `loose`: `=` has blanks.

    One without a name stands for what was not read of a line of more than MAX_PAIRS.
    """

    name: str
    words: str
    line: bool = False
    loose: bool = False


@dataclass
class _Heading:
    indent: float
    label: str
    number: int
    fresh: bool = True  # nothing has followed it yet


def read_lines(text: str, key: Collection[str] = ()) -> Iterator[tuple[Record, Pair] | None]:
    """What the lines of `text` say, each in its record; None for a line that says nothing.

    Without `key` a record is a block under one heading: a line without a value, which what follows
    is indented under, or follows at once.  With it a record begins where its key is printed: the
    record's label is what stands behind these names.
    """
    outline, keys, end = _Outline(), _Keys(tuple(key)), 0
    for line in _LINE.finditer(text):
        for other in text[max(end, line.start() - _GAP) : line.start()].splitlines():
            outline.pass_by(other)
        end = line.end()
        shown = _ESCAPE.sub("", line[0])
        pairs, label = _pairs(shown)
        if not pairs:
            outline.pass_by(shown)
            yield None
            continue
        record = outline.record(shown, pairs, label)
        for pair in pairs:
            yield (keys.record(pair, pairs) if key else record), pair


def value_of(pair: Pair) -> float | None:
    """The number of a pair, None if it is none that is understood."""
    words = pair.words.strip().strip("\"'").removesuffix(".")
    for opening, closing in zip(_OPENING, _CLOSING, strict=True):
        if opening not in words:
            words = words.rstrip(closing)
    found = parse_quantity(words)
    if found is not None or pair.line:
        return found.value if found is not None else None
    start = leading_quantity(words)
    if start is not None and _is_prose(start[1], loose=pair.loose):
        return start[0].value
    # `a=5 in 7 s`: the word behind is none of the value's
    token, _, rest = words.partition(" ")
    alone = parse_quantity(token) if rest and not pair.loose else None
    if alone is None or _GOES_ON.match(rest) or not _begins_with_word(rest):
        return None
    return None if known_unit(rest.split()[0]) else alone.value


def is_number_like(pair: Pair) -> bool:
    """Whether a pair without a number deserves a word."""
    return is_like_number(pair.words.strip().strip("\"'"))


def _pairs(line: str) -> tuple[list[Pair], str]:
    """The pairs of a line, and the label in front of them."""
    body = line[_indent(line)[1] :]
    if _LABELLED.match(body):
        return [], ""
    name, _, rest = body.partition(":")
    name = name.strip()
    # without a blank it is a time of day, an address or a path
    whole = parse_quantity(rest) is not None or (rest.strip() and not _EQUALS.search(rest))
    if name and "=" not in name and rest[:1].isspace() and whole:
        return [Pair(name, rest.strip(), line=True)], ""
    parts = _EQUALS.split(body, MAX_PAIRS)
    if len(parts) < 2:
        return [], ""
    name, before = _name(parts[0], first=True)
    label = before.rstrip().removesuffix(":").strip() if before.rstrip().endswith(":") else ""
    pairs: list[Pair] = []
    loose = parts[0][-1:].isspace()
    for index, part in enumerate(parts[1:], 1):
        following, words = ("", part) if index == len(parts) - 1 else _name(part, first=False)
        words = _first_piece(words)
        if name and words:
            pairs.append(Pair(name, words, loose=loose and part[:1].isspace()))
        # in `a=b=5` nobody can tell which of them is a name
        name, loose = following if words else "", part[-1:].isspace()
    if len(parts) > MAX_PAIRS:
        pairs.append(Pair("", ""))
    return pairs, label


def _name(text: str, *, first: bool) -> tuple[str, str]:
    """The name in front of a `=`, and what stands in front of the name.

    With a blank in front of the `=`, and a beginning to be seen, it may be several words.
    """
    loose = text[-1:].isspace()
    text = text.rstrip()
    start, seen = 0, first
    for found in _BREAK.finditer(text):
        start, seen = found.end(), True
    tail = text[start:]
    if not (loose and seen):
        words = list(re.finditer(r"\S+", tail))
        at = len(words) - 1
        while at > 0 and _BRACKETED.fullmatch(words[at][0]):
            at -= 1
        start += words[at].start() if words else len(tail)
        comma = text.rfind(",", start)
        start = comma + 1 if comma >= 0 else start
    start = _whole(text, start)
    name = text[start:].strip()
    stripped = name.lstrip("([{\"' ")
    if ")" not in stripped and "]" not in stripped:
        name = stripped
    return name, text[:start]


def _whole(text: str, start: int) -> int:
    """Where a name begins that seems to begin at `start`, so that its brackets are in pairs.

    `max` is the name in `read(max`, and `at(x, y)` in `at(x, y)` where `start` is that of `y)`.
    """
    opened: list[int] = []
    for index in range(start, len(text)):
        if text[index] in _OPENING:
            opened.append(index)
        elif text[index] in _CLOSING and opened:
            opened.pop()
        elif text[index] in _CLOSING:
            at = max(text.rfind(each, 0, start) for each in _OPENING)
            words = list(re.finditer(r"\S+", text[: at + 1]))
            return words[-1].start() if words else start
    return opened[-1] + 1 if opened else start


def _first_piece(words: str) -> str:
    """The words up to the first separator; all of them if they are several values."""
    words = words.strip().rstrip(_OPENING)
    found = _BREAK.search(words)
    while found is not None and found[0].isspace() and found[0] != "\t":
        found = _BREAK.search(words, found.end())
    if found is None:
        return words.strip()
    piece, rest = words[: found.start()].strip(), words[found.end() :].strip()
    listed = _BARE.fullmatch(piece) and _BARE.fullmatch(_BREAK.split(rest, maxsplit=1)[0].strip())
    # `5 min, 9 max` is no time
    lowest = piece.casefold().endswith(" min") and _STATISTICS.search(rest)
    return words if listed or lowest else piece


def _is_prose(rest: str, *, loose: bool) -> bool:
    """Whether what follows a quantity says nothing about it."""
    if not rest[:1].isspace() or _GOES_ON.match(rest):
        return False
    return not any(c.isdigit() for c in rest) if loose else _begins_with_word(rest.lstrip())


def _begins_with_word(rest: str) -> bool:
    word = re.match(r"[^\W\d_]+", rest)
    return word is not None and unit_scale(word[0]) is not None


def _indent(line: str) -> tuple[int, int]:
    """The columns in front of a line's text, a bullet's among them, and the characters."""
    found = _INDENT.match(line)
    blank = found[0] if found else ""
    return len(blank.expandtabs(_TAB)), len(blank)


class _Outline:
    """The headings that are open."""

    def __init__(self) -> None:
        self._open: list[_Heading] = []
        self._count = 0

    def pass_by(self, line: str) -> None:
        """A line without a value: a heading of what follows."""
        if line.strip():
            self._push(_indent(line)[0], _label(line), heading=True)

    def record(self, line: str, pairs: list[Pair], label: str) -> Record:
        """The record of a line that has values; what is indented under it is a part of it."""
        indent = _indent(line)[0]
        self._close(indent, heading=False)
        path = tuple(each.label for each in self._open)
        number = self._open[-1].number if self._open else 0
        own = label
        if not own and pairs[0].line:
            told = _ID.fullmatch(pairs[0].words)
            own = f"{pairs[0].name} {pairs[0].words}" if told else pairs[0].name
        if own:
            self._push(indent, own[:_LABEL], heading=False)
        return Record((*path, label) if label else path, number)

    def _push(self, indent: int, label: str, *, heading: bool) -> None:
        self._close(indent, heading=heading)
        if label and len(self._open) < _DEEP:
            self._count += 1
            self._open.append(_Heading(indent, label, self._count, heading))

    def _close(self, indent: int, *, heading: bool) -> None:
        """Closes what does not stand above a line of this indent."""
        if not heading and self._open and self._open[-1].fresh and self._open[-1].indent == indent:
            # what follows at once without being indented belongs to it, too
            self._open[-1].indent -= 0.5
        bound = indent - 0.5 if heading else indent
        while self._open and self._open[-1].indent >= bound:
            self._open.pop()
        if self._open:
            self._open[-1].fresh = False


class _Keys:
    """The record that the last printed key began."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._values: dict[str, str] = {}
        self._count = 0
        self._line: list[Pair] | None = None
        self._several = False

    def record(self, pair: Pair, line: list[Pair]) -> Record:
        """The record of `pair`; a key that stands once in its line counts for all of the line."""
        if line is not self._line:
            self._line = line
            fields = [each for each in line if each.name in self._names]
            self._several = len({each.name for each in fields}) < len(fields)
            for each in [] if self._several else fields:
                self._take(each)
        if self._several and pair.name in self._names:
            self._take(pair)
        path = tuple(self._values[name] for name in self._names if name in self._values)
        return Record((".".join(path),), self._count, keyed=True) if path else Record()

    def _take(self, pair: Pair) -> None:
        if pair.name in self._values:
            self._values.clear()
        if not self._values:
            self._count += 1
        self._values[pair.name] = pair.words[:_LABEL]


def _label(line: str) -> str:
    """A heading without its rules, colon and whatever changes from run to run in brackets."""
    text = line.strip().strip(_RULE).removesuffix(":").strip()
    if text.startswith("[") and text.endswith("]"):
        return text[1:-1].strip()[:_LABEL]
    text = re.split(r":\s", text, maxsplit=1)[0]
    bracket = _BRACKETED.search(text)
    if bracket is not None:
        told = any(c.isdigit() for c in bracket[0])
        text = text[: bracket.start() if told else bracket.end()]
    return text.strip()[:_LABEL]
