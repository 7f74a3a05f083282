# SPDX-License-Identifier: Apache-2.0
"""A chart: what is drawn, and the table that says the same in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Chart:
    """One of a page.

    key: its place in the page, which links lead to.  says: what there is to see, for who does not
    see it.  data: what assets/kinds.js draws; `kind` says how.  rows: of the table, each of as
    many cells as there are columns.  notes: how it came about, in words.
    """

    key: str
    title: str
    says: str
    data: Mapping[str, Any]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
