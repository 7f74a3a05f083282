# SPDX-License-Identifier: Apache-2.0
"""When an invocation of Bazel ran, which tells its results from those of the next one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Window:
    """From when to when; both are RFC 3339, and empty where the build events do not say."""

    start: str = ""
    end: str = ""

    def holds(self, began: str, *, cached: bool) -> bool:
        """Whether a result that began then may be of this invocation.

        One that Bazel took from its cache began before, but not after the end. Results have whole
        seconds, and a time that is none is nobody's.
        """
        if not (self.start or self.end):
            return True
        try:
            at = _time(began)
            early = self.start and not cached and at < _time(self.start).replace(microsecond=0)
            late = self.end and at > _time(self.end)
        except ValueError:
            return False
        return not (early or late)

    def __str__(self) -> str:
        return f"{self.start or '?'} to {self.end or '?'}"


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
