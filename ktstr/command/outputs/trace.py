# SPDX-License-Identifier: Apache-2.0
"""Traces of decisions, as tests leave them."""

from __future__ import annotations

from pathlib import Path

from ktstr.introspect.trace.events import Decisions
from ktstr.introspect.trace.lines import read_lines
from ktstr.model.errors import UsageError

_FILE = "trace.jsonl"


def trace_at(place: Path) -> tuple[Path, Decisions]:
    """The trace of a file, or of the one below a folder; and the file.

    Raises:
        UsageError: a folder has none, or several; or it cannot be read, or is none.
    """
    path = _trace_in(place)
    try:
        with path.open(encoding="utf-8") as file:
            return path, read_lines(file)
    except OSError as error:
        raise UsageError(f"cannot read the trace {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no trace of decisions: {error}") from error


def _trace_in(place: Path) -> Path:
    if not place.is_dir():
        return place
    found = sorted(place.rglob(_FILE))
    if len(found) != 1:
        raise UsageError(
            f"{place} has {len(found)} files {_FILE}, and one is read; run the test with "
            f"--test_env=KTSTR_LOOK=decisions, and name the folder of one of its functions"
        )
    return found[0]
