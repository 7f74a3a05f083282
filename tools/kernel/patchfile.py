# SPDX-License-Identifier: Apache-2.0
"""What a patch of a kernel's sources changes: unified diffs, of `git diff` or `diff -ru`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NOTHING = "/dev/null"


class PatchError(Exception):
    """A patch that cannot be read or does not apply; the text names it, and says where."""


@dataclass(frozen=True)
class Hunk:
    """One `@@` of a file. start: the old file's line, from 1.  before: its lines there, unchanged
    ones included, without line ends."""

    head: str
    start: int
    before: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """What a patch does to one file. old, new: its path in the tree; None where there is none."""

    old: str | None
    new: str | None
    hunks: tuple[Hunk, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(path for path in (self.old, self.new) if path is not None))


def parse_patch(name: str, text: str) -> list[Change]:
    """The changes of a patch, in its order; what stands around them is passed over.

    Raises:
      PatchError: there is none, one is cut off, or of a form that GNU patch does not apply.
    """
    reader = _Reader(name, text)
    changes: list[Change] = []
    while not reader.at_end:
        change = reader.change()
        if change is not None:
            changes.append(change)
    if not changes:
        raise PatchError(
            f"patch {name} changes nothing: it has no `--- a/FILE`, `+++ b/FILE` and `@@`, as "
            "`git diff` and `git format-patch` write them"
        )
    return changes


class _Reader:
    """The lines of a patch, and where in them the reader is."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._lines = text.split("\n")
        if self._lines[-1] == "":
            del self._lines[-1]
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._lines)

    def change(self) -> Change | None:
        """What begins at this line, if anything does; goes on behind it."""
        line = self._line(0)
        if line.startswith("diff --git "):
            self._at += 1
            return self._of_git()
        if self._at_diff():
            return self._of_diff()
        self._at += 1
        return None

    def _at_diff(self) -> bool:
        """A commit's message may have lines of such a form, too."""
        marks = self._line(0).startswith("--- "), self._line(1).startswith("+++ ")
        return all(marks) and _HUNK.match(self._line(2)) is not None

    def _of_git(self) -> Change | None:
        """Behind `diff --git`: a renaming, a new mode or an empty file may have no hunks."""
        named = self._named_twice(self._line(-1).removeprefix("diff --git "))
        renamed: dict[str, str] = {}
        old, new, alone = named, named, False
        while not self.at_end:
            line = self._line(0)
            if line.startswith(("GIT binary patch", "Binary files ")):
                raise self._error("is a binary patch, which nothing here applies")
            if self._at_diff():
                return self._of_diff()
            if line.startswith("diff --git ") or _HUNK.match(line) or not line.strip():
                break
            if line.startswith(("old mode ", "new file mode ", "deleted file mode ")):
                alone = True
                old = None if line.startswith("new file") else named
                new = None if line.startswith("deleted") else named
            for word in ("rename from ", "rename to ", "copy from ", "copy to "):
                if line.startswith(word):
                    renamed[word.split()[1]] = self._checked(line.removeprefix(word))
            self._at += 1
        if len(renamed) == len("ft"):
            return Change(renamed["from"], renamed["to"], ())
        return Change(old, new, ()) if alone and named is not None else None

    def _named_twice(self, names: str) -> str | None:
        """The path in `a/PATH b/PATH`; None: two that differ, as of a renaming."""
        old, new = names[: len(names) // 2], names[len(names) // 2 + 1 :]
        paths = {each.partition("/")[2].rstrip() for each in (old, new)}
        return self._checked(paths.pop()) if len(paths) == 1 and "" not in paths else None

    def _of_diff(self) -> Change:
        old = self._path(self._line(0).removeprefix("--- "))
        new = self._path(self._line(1).removeprefix("+++ "))
        if old is None and new is None:
            raise self._error("changes /dev/null to /dev/null")
        self._at += 2
        hunks: list[Hunk] = []
        while match := _HUNK.match(self._line(0)):
            hunks.append(self._hunk(match, len(hunks) + 1, str(new or old)))
        if hunks[0].start == 0 and not hunks[0].before:
            # `diff -N` writes a file that is not there by its name
            old = None
        return Change(old, new, tuple(hunks))

    def _hunk(self, match: re.Match[str], number: int, path: str) -> Hunk:
        start, removed, _, added = match.groups()
        left = [1 if count is None else int(count) for count in (removed, added)]
        self._at += 1
        before: list[str] = []
        while any(left):
            if self.at_end:
                raise self._error(f"ends in the midst of hunk {number} of {path}")
            line = self._line(0)
            # editors take the blank from an empty line
            mark = line[:1] or " "
            if mark not in " -+\\":
                raise self._error(f"has no line of hunk {number} of {path} here")
            if mark in " -":
                left[0] -= 1
                before.append(line[1:])
            if mark in " +":
                left[1] -= 1
            if min(left) < 0:
                raise self._error(f"has more lines in hunk {number} of {path} than its @@ says")
            self._at += 1
        return Hunk(match.string, int(start), tuple(before))

    def _path(self, written: str) -> str | None:
        """`a/kernel/sched/ext.c`, and perhaps a tab and a time, without the first folder."""
        path = written.split("\t")[0].rstrip()
        if path == _NOTHING:
            return None
        folder, slash, rest = path.partition("/")
        if not slash or not folder:
            raise self._error(
                f"names a path without a folder: {path!r}; it is left out, as a/ and b/ of git"
            )
        return self._checked(rest)

    def _checked(self, path: str) -> str:
        if path.startswith(("/", '"')) or ".." in path.split("/") or not path:
            raise self._error(f"names {path!r}, which is no path in a kernel's tree")
        return path

    def _line(self, ahead: int) -> str:
        place = self._at + ahead
        return self._lines[place] if place < len(self._lines) else ""

    def _error(self, problem: str) -> PatchError:
        return PatchError(f"patch {self._name}:{self._at + 1}: {problem}")
