# SPDX-License-Identifier: Apache-2.0
"""The folder that a campaign lives in: what it is of, its journal, its trials, its alarms.

corpus.json          format, seed, target and grammar: what a later run must agree with
journal.jsonl        a line for each trial that was played
kept/N.json          trials that reached new code, or failed
alarms/CAUSE/        cause.json, found.py: one of each first cause, shrunk
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ktstr.fuzz.cause import Cause
from ktstr.fuzz.journal import Journal
from ktstr.fuzz.trial import Trial
from ktstr.model.codec import KIND, decode, encode
from ktstr.model.errors import InfraError, UsageError

FORMAT = 2
_ABOUT, _JOURNAL, _KEPT, _ALARMS = "corpus.json", "journal.jsonl", "kept", "alarms"
_CAUSE, _TEST = "cause.json", "found.py"


@dataclass(frozen=True)
class About:
    """What a corpus is of: the same of all runs that use it.

    labels: of the target, and of the one that it is compared with.  kernels, subjects: digests of
    their kernels and schedulers.  machines: their topologies.
    """

    seed: int
    labels: tuple[str, ...]
    kernels: tuple[str, ...]
    subjects: tuple[str, ...]
    families: tuple[str, ...]
    knobs: tuple[str, ...]
    settings: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Alarm:
    """One first cause, and the smallest trial that was found to fail by it.

    number: of the trial that showed it first.  ops, tried: what it was shrunk from, in ops, and
    with how many runs.  whole: whether nothing smaller fails.  again: whether it came again when it
    was played once more; else nothing was shrunk.
    """

    kind: str
    key: str
    message: str
    number: int
    ops: int
    tried: int
    whole: bool
    trial: Trial
    again: bool = True


def test_of(folder: Path, alarm: Alarm) -> Path:
    """Where the test file of an alarm is, in the corpus in a folder."""
    return folder / _ALARMS / Cause(alarm.kind, alarm.key, alarm.message).folder / _TEST


class Corpus:
    """A folder; made by `opened`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal(folder / _JOURNAL)

    def keep(self, number: int, trial: Trial) -> None:
        """Keeps a trial, before its line is in the journal.

        Raises:
            InfraError: it cannot be written.
        """
        _write(self.folder / _KEPT / f"{number:06}.json", trial.to_json())

    def kept(self, number: int) -> Trial:
        """A trial that was kept.

        Raises:
            UsageError: it is not there, or is none of this version.
        """
        path = self.folder / _KEPT / f"{number:06}.json"
        try:
            return Trial.from_json(path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError, UsageError) as error:
            raise UsageError(f"{path}: a trial of the journal is not there: {error}") from error

    def alarm(self, alarm: Alarm, test: str) -> Path:
        """Writes what was found; gives the test file. Raises InfraError."""
        path = test_of(self.folder, alarm)
        _write(path, test)
        _write(path.with_name(_CAUSE), json.dumps(encode(alarm), indent=1) + "\n")
        return path

    def alarms(self) -> dict[str, Alarm]:
        """Those that were shrunk and written, by their keys.

        Raises:
            UsageError: one of them is none of this version.
        """
        found = {}
        for path in sorted((self.folder / _ALARMS).glob(f"*/{_CAUSE}")):
            try:
                alarm = decode(Alarm, json.loads(path.read_text("utf-8")))
            except (OSError, UsageError, ValueError, RecursionError) as error:
                raise UsageError(f"{path}: this is no alarm of this version: {error}") from error
            found[alarm.key] = alarm
        return found


@contextmanager
def opened(folder: Path, about: About) -> Iterator[Corpus]:
    """The corpus in a folder, which is made where there is none; nobody else has it meanwhile.

    Raises:
        UsageError: it is of another format, seed, target or grammar; it is no corpus; another run
            has it.
        InfraError: it cannot be made.
    """
    path = folder / _ABOUT
    try:
        if not path.exists() and folder.is_dir() and any(folder.iterdir()):
            raise UsageError(f"{folder}: there are files, and no corpus; give a folder of its own")
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise InfraError(f"{folder}: no corpus can be there: {error}") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(f"{folder}: another run has this corpus") from error
        if path.exists():
            _agree(path, about)
        else:
            said = {"format": FORMAT} | _plain(about)
            _write(path, json.dumps(said, indent=1) + "\n")
        yield Corpus(folder)
    finally:
        os.close(lock)


def _agree(path: Path, about: About) -> None:
    try:
        said: dict[str, Any] = json.loads(path.read_text("utf-8"))
        found = said["format"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{path}: this says nothing of a corpus: {error!r}") from error
    if found != FORMAT:
        raise UsageError(
            f"{path.parent}: the corpus is of format {found!r}, and this ktstr has {FORMAT}; give "
            f"another folder"
        )
    for name, wanted in _plain(about).items():
        if said.get(name) != wanted:
            raise UsageError(
                f"{path.parent}: the corpus was made with {name} {said.get(name)!r}, and now that "
                f"is {wanted!r}; say the same again, or give another folder"
            )


def _plain(about: About) -> dict[str, Any]:
    said: dict[str, Any] = encode(about)
    del said[KIND]
    return said


def _write(path: Path, text: str) -> None:
    """A file that is whole or not there."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, "utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InfraError(f"{path} cannot be written: {error}") from error
