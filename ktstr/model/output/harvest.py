# SPDX-License-Identifier: Apache-2.0
"""Metrics as they are found in a text: bounded, told apart by their records, and named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ktstr.model.output.json_leaves import MAX_LEAVES, MAX_NAME

_SHOWN = 60
_NOTES = 8
# of all names together: of 12 bytes each, as JSON may have to write them, they fit into a frame
_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class Record:
    """What numbers belong to that stand together: a document, an element, a block of text.

    path: the headings above it, the outermost first, or the value of its key.  number: which of all
    records it is.  keyed: the path is a key's value, and always stands in front of a name.
    """

    path: tuple[str, ...] = ()
    number: int = 0
    keyed: bool = False

    def label(self) -> str:
        """What stands in front of a name."""
        return ".".join(self.path)


class Harvest:
    """Metrics as they are found, and what is to be said about them.

    wanted: names that are never left out.  last: of records that are called alike, and of documents
    without a key, only the last counts.  whole: records without a label are documents, which go by
    their number: if two of them share a name, all names get it.
    """

    def __init__(self, wanted: Collection[str], *, last: bool = False, whole: bool = False) -> None:
        self.wanted = wanted
        self.left_out = 0
        self.odd: dict[str, None] = {}
        self._last, self._whole = last, whole
        self._found: dict[tuple[Record, str], float] = {}
        self._names: set[str] = set()
        self._again: dict[str, None] = {}
        self._strange: dict[str, str] = {}
        self._characters = 0

    def add(self, record: Record, name: str, value: float) -> None:
        """Keeps a number under its name, or counts it where there is no room."""
        if self._last:
            record = Record(record.path, 0, record.keyed)
        known = (record, name) in self._found
        if known:
            self._again[name] = None
        length = len(name) + len(record.label())
        room = (
            len(self._found) < MAX_LEAVES
            and 0 < len(name) <= MAX_NAME
            and self._characters + length <= _CHARACTERS
        )
        asked = (name in self.wanted and name not in self._names) or any(
            each in self.wanted for each in _qualified(record, name)
        )
        if known or room or asked:
            self._found[record, name] = value
            self._names.add(name)
            self._characters += 0 if known else length
        else:
            self.left_out += 1

    def misread(self, name: str, words: str) -> None:
        """A value that looks like a number and is not understood."""
        self._strange.setdefault(name, words)

    def metrics(self) -> Iterator[tuple[str, float]]:
        """Names and values, in the order of the text.

        A name is what it is.  If two records share one, all names of both have the label in front,
        and, of records that are called alike, their number from 0.  One that is wanted with its
        label has it anyhow.
        """
        spread = Counter(name for record, name in self._found if not record.keyed)
        shared = Counter(full for key in self._found for full in _qualified(*key))
        told = {record for record, name in self._found if spread[name] > 1 and record.path}
        numbered = self._whole and any(times > 1 for times in spread.values())
        alike = self._alike()
        for (record, name), value in self._found.items():
            asked = next((full for full in _qualified(record, name) if full in self.wanted), "")
            if asked and shared[asked] == 1:
                yield asked, value
            elif record.keyed or record in told or numbered:
                numbers = alike[record.path, name]
                number = [str(numbers[record.number])] if len(numbers) > 1 else []
                yield ".".join([*record.path, *number, name]), value
            else:
                yield name, value

    def _alike(self) -> dict[tuple[tuple[str, ...], str], dict[int, int]]:
        """By path and name, the records that have it, and the number of each in a name."""
        alike: dict[tuple[tuple[str, ...], str], dict[int, int]] = {}
        documents = {record.number: record.number for record, _ in self._found if not record.path}
        for record, name in self._found:
            if self._whole and not record.path:
                alike[record.path, name] = documents
            else:
                numbers = alike.setdefault((record.path, name), {})
                numbers.setdefault(record.number, len(numbers))
        return alike

    def notes(self) -> list[str]:
        """What was odd, a bounded number of sentences."""
        found = list(self.odd)[:_NOTES]
        if self._strange:
            shown = [f"{cut(n)!r} is {cut(w)!r}" for n, w in list(self._strange.items())[:_NOTES]]
            more = len(self._strange) - len(shown)
            tail = f" and {more} more" if more else ""
            found.append(f"left out, as no quantity that is understood: {', '.join(shown)}{tail}")
        if self._again:
            first = next(iter(self._again))
            found.append(
                f"{len(self._again)} names were printed more than once, {cut(first)!r} first; "
                f"the last value counts"
            )
        if self.left_out:
            found.append(
                f"{self.left_out} numbers were left out: beyond {MAX_LEAVES} metrics, or names "
                f"longer than {MAX_NAME} characters, or than {_CHARACTERS} together"
            )
        return found


def cut(words: str) -> str:
    """As much of a text as a remark shows."""
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}..."


def _qualified(record: Record, name: str) -> list[str]:
    """The names that it may be asked for by: with all headings in front, or the inner of them."""
    return [".".join([*record.path[start:], name]) for start in range(len(record.path))]
