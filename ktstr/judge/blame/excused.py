# SPDX-License-Identifier: Apache-2.0
"""A finding that is no longer laid to the scheduler: what is said of it instead."""

from __future__ import annotations

import dataclasses

from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind


def excused(detail: Detail, kind: Kind, why: str) -> Detail:
    """The finding as INCONCLUSIVE of `kind`, its message with `why` behind it."""
    return dataclasses.replace(
        detail, kind=kind, message=f"{detail.message}; but {why}", verdict=Verdict.INCONCLUSIVE
    )
