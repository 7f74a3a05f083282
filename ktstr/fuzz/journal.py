# SPDX-License-Identifier: Apache-2.0
"""What came of each trial, a line each: whole lines count, so that a kill costs one at most."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass
from pathlib import Path

from ktstr.fuzz.cause import Cause, Standing
from ktstr.fuzz.ground import Stretch
from ktstr.fuzz.judged import Judged
from ktstr.model.codec import decode, encode
from ktstr.model.errors import InfraError, UsageError

# of a stretch of code
_ENDS = 2


@dataclass(frozen=True)
class Entry:
    """Of one trial.

    new: stretches of code that nobody was known to have reached when it came back.  seconds: of
    the host.  at_s: host seconds that all runs with this corpus had taken by then.
    """

    number: int
    standing: Standing
    kind: str
    key: str
    message: str
    new: tuple[tuple[int, ...], ...]
    seconds: float
    at_s: float

    @classmethod
    def of(
        cls, number: int, judged: Judged, new: tuple[Stretch, ...], seconds: float, at_s: float
    ) -> Entry:
        """Of what was judged."""
        cause = judged.cause or Cause("", "", "")
        return cls(
            number,
            judged.standing,
            cause.kind,
            cause.key,
            cause.message,
            new,
            round(seconds, 3),
            round(at_s, 1),
        )

    @property
    def judged(self) -> Judged:
        """What it was made of."""
        cause = Cause(self.kind, self.key, self.message) if self.key else None
        return Judged(self.standing, cause)

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """`new` as pairs."""
        return tuple((each[0], each[1]) for each in self.new)


class Journal:
    """A file that only grows."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[int, Entry]:
        """All entries, by their numbers; what a kill has left of a line is taken away.

        Raises:
            UsageError: a whole line is no entry.
            InfraError: it cannot be read.
        """
        try:
            data = self._path.read_bytes() if self._path.exists() else b""
            whole = data[: data.rfind(b"\n") + 1]
            if len(whole) < len(data):
                os.truncate(self._path, len(whole))
        except OSError as error:
            raise InfraError(f"{self._path} cannot be read: {error}") from error
        found = {}
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                entry = decode(Entry, json.loads(line))
                if entry.number < 0 or any(len(each) != _ENDS for each in entry.new):
                    raise ValueError("a number or a stretch of code that no trial has")
            except (UsageError, ValueError, RecursionError) as error:
                raise UsageError(
                    f"{self._path}, line {number}: this is no journal of trials: {error}"
                ) from error
            found[entry.number] = entry
        return found

    def add(self, entry: Entry) -> None:
        """Appends one, by one write; one that is cut short is taken back.

        Raises:
            InfraError: it cannot be written, e.g. because the disk is full.
        """
        line = (json.dumps(encode(entry), separators=(",", ":")) + "\n").encode()
        try:
            with self._path.open("ab", buffering=0) as file:
                before = file.seek(0, os.SEEK_END)
                written = file.write(line)
                if written != len(line):
                    # what comes behind half a line would be lost with it
                    file.truncate(before)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise InfraError(f"{self._path} cannot be written: {error}") from error
