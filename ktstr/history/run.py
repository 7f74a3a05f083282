# SPDX-License-Identifier: Apache-2.0
"""A run: what was imported at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ktstr.history.revision import CiRun, Revision


class RunState(StrEnum):
    """How much of a run a history has.

    WHOLE: all.  CUT: all that its build events tell of, which end in the middle.  IMPORTING: an
    import is at it, or was killed.
    """

    WHOLE = "whole"
    CUT = "cut short"
    IMPORTING = "importing"


@dataclass(frozen=True)
class NewRun:
    """A run that is to be imported; two with one key are the same.  started: RFC 3339, or empty."""

    key: str
    source: str
    started: str
    revision: Revision
    ci: CiRun
    tags: Mapping[str, str] = field(default_factory=dict)
