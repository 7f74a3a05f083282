# SPDX-License-Identifier: Apache-2.0
"""What is looked at in a guest beyond what always is: by its test, or for one command."""

from __future__ import annotations

from collections.abc import Mapping

from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean
from ktstr.model.verdict.claims import StatClaim
from ktstr.model.verdict.op_figures import is_op_figure
from ktstr.runner.cases.case import Case

# `bazel test --test_env=KTSTR_LOOK=decisions,op_costs`: the test is as it was, the run the same.
VARIABLE = "KTSTR_LOOK"
DECISIONS, OP_COSTS, COVERAGE = "decisions", "op_costs", "coverage"
_KNOWN = (DECISIONS, OP_COSTS, COVERAGE)


def asked_of(environ: Mapping[str, str]) -> frozenset[str]:
    """What the command asks to be looked at in all guests.

    Raises:
        UsageError: there is no such look; those there are are named.
    """
    names = [name.strip() for name in environ.get(VARIABLE, "").split(",")]
    for name in filter(None, names):
        if name not in _KNOWN:
            raise UsageError(
                f"{VARIABLE}={environ[VARIABLE]}: there is no look {name!r}"
                f"{did_you_mean(name, _KNOWN)}; there are {', '.join(_KNOWN)}, with commas between"
            )
    return frozenset(filter(None, names))


def looks_of(case: Case, asked: frozenset[str]) -> frozenset[str]:
    """What is looked at in the guest of a test: claims about callbacks' costs ask for these."""
    costs = case.op_costs or any(
        isinstance(claim, StatClaim) and is_op_figure(claim.stat) for claim in case.claims
    )
    own = {DECISIONS: case.decisions, OP_COSTS: costs}
    return asked | {name for name, wanted in own.items() if wanted}
