# SPDX-License-Identifier: Apache-2.0
"""What came of a claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ktstr.model.verdict.checks import Verdict


@dataclass(frozen=True)
class ClaimResult:
    """One claim and what came of it.  `value` is as JSON has it; None: there was none.

    `relation` is in words, empty where nothing was said about the value; `why`: why there is no
    value, or no verdict.
    """

    name: str
    value: Any
    relation: str
    verdict: Verdict
    why: str = ""
