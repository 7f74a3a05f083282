# SPDX-License-Identifier: Apache-2.0
"""What a test function in the guest claimed: a record that only claims import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ktstr.model.verdict.claims import Relation
from ktstr.model.wire.frames import FrameType


@dataclass(frozen=True)
class ClaimFacts:
    """One claim: `value` as JSON has it, None where there was none.

    `relation` is None where the function said nothing about the value; `passed` is what the guest
    saw, None where it could not tell.  The host judges for itself.
    """

    frame_type = FrameType.CLAIM
    name: str
    value: Any
    relation: Relation | None
    passed: bool | None
