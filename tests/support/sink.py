# SPDX-License-Identifier: Apache-2.0
"""Where the agent's facts go in a test of one of its parts."""

from __future__ import annotations

from typing import Any


class Sink:
    """Keeps what it is given, in that order."""

    def __init__(self) -> None:
        self.facts: list[Any] = []

    def emit(self, fact: Any) -> None:
        """Keeps one."""
        self.facts.append(fact)
