# SPDX-License-Identifier: Apache-2.0
"""The sources of a test with an `after` function, kept with its result to be run again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ktstr.model.codec import decode, encode
from ktstr.model.errors import InfraError, UsageError

# Among the outputs of a test.
NAME = "after.json"


@dataclass(frozen=True)
class SavedSources:
    """files: the target's Python files below one directory, name -> text.  source: the test's own.

    function: what the `after` function is called, for who reads the result.
    """

    test: str
    source: str
    function: str
    files: dict[str, str]


def sources_of(test: str, source: str, function: str, files: Mapping[str, str]) -> SavedSources:
    """The sources as they are now; `files` are the paths on this machine by name.

    Raises:
        UsageError: one of them is no text, or is gone.
    """
    texts = {}
    for name, path in sorted(files.items()):
        try:
            texts[name] = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"{name}, which after={function} may need, cannot be read: {error}"
            ) from error
    return SavedSources(test, source, function, texts)


def text_of(saved: SavedSources) -> bytes:
    """The file's content."""
    return json.dumps(encode(saved), indent=1, sort_keys=True).encode() + b"\n"


def read_sources(folder: Path) -> SavedSources | None:
    """The sources in a test's `folder`; None where its test has no `after` function.

    Raises:
        UsageError: they cannot be read.
    """
    try:
        text = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"cannot read {folder / NAME}: {error.strerror}") from error
    try:
        return decode(SavedSources, json.loads(text))
    except (ValueError, UsageError) as error:
        raise UsageError(
            f"{folder / NAME} is damaged, or another version of ktstr wrote it: {error}"
        ) from error


def unpack(saved: SavedSources, top: Path) -> None:
    """Writes the files below `top`, each at its name.

    Raises:
        UsageError: a name leads out of it, or cannot be one.
        InfraError: they cannot be written, e.g. because the disk is full.
    """
    top.mkdir(parents=True, exist_ok=True)
    for name, text in saved.files.items():
        if "\0" in name or not (top / name).resolve().is_relative_to(top.resolve()):
            raise UsageError(f"{NAME}: {name!r} is no name of a file of the test's")
        path = (top / name).resolve()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except (FileExistsError, IsADirectoryError, NotADirectoryError, ValueError) as error:
            raise UsageError(f"{NAME}: {name!r} is no name of a file of the test's") from error
        except OSError as error:
            raise InfraError(f"{name}: the saved sources cannot be written: {error}") from error
