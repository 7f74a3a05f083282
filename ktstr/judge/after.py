# SPDX-License-Identifier: Apache-2.0
"""What the author's `after` function came to, as the result has it."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.model.verdict.checks import Verdict


@dataclass(frozen=True)
class AfterResult:
    """function: what it is called.  found: what it says against the run, each a failure.

    verdict: None where it was not called.  why: why it was not, or gave no answer.
    """

    function: str
    found: tuple[str, ...] = ()
    verdict: Verdict | None = None
    why: str = ""
