# SPDX-License-Identifier: Apache-2.0
"""Times as people write them: whole ones in UTC, or how such begin."""

from __future__ import annotations

import re
from datetime import datetime

from ktstr.model.errors import UsageError

_FORM = re.compile(
    r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d{1,9})?)?)?(Z|\+00:00)?)?)?)?", re.ASCII
)
# What stands where a time has no more.
_REST = "0000-01-01T00:00:00"


def checked_moment(text: str) -> str:
    """`text`, which compares with other times by its letters.

    Raises:
        UsageError: it is no time, or the calendar has no such day.
    """
    begin = text.partition(".")[0].removesuffix("Z").removesuffix("+00:00")
    try:
        if not _FORM.fullmatch(text):
            raise ValueError
        datetime.fromisoformat(begin + _REST[len(begin) :])
    except ValueError:
        raise UsageError(f"{text!r} is no time; 2026-01-31 and 2026-01-31T12:00 are") from None
    return text
