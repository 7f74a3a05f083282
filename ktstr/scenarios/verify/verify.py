# SPDX-License-Identifier: Apache-2.0
"""What `scx_verify_test` runs: the kernel takes the scheduler's programs, within a budget.

The guest attaches the scheduler, tells what the verifier found, and ends.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from ktstr import ExpectFail, Kind, test
from ktstr.model.verdict.checks import parse_checks

if TYPE_CHECKING:
    from ktstr import Context

# as rules/private/test/verify.bzl sets it: the budget by names of checks, and a failure to expect
_ASKED = json.loads(os.environ["KTSTR_VERIFY"])
_EXPECTED = _ASKED["expect_fail"]


@test(
    checks=parse_checks(_ASKED["budget"]),
    expect_fail=ExpectFail(Kind(_EXPECTED)) if _EXPECTED else None,
)
def verifier(ctx: Context) -> None:
    """Nothing more is asked than that the scheduler is there."""
