# SPDX-License-Identifier: Apache-2.0
"""A gate: one declaration of a threshold that makes two tests, NAME_is_met and NAME_is_missed.

The latter passes by failing in the check's own kind.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from ktstr import ExpectFail, Kind, Scenario, TopologyView, scenario
from ktstr.model.verdict.checks import parse_checks


@dataclasses.dataclass(frozen=True)
class Gate:
    """A threshold with a bound that any scheduler meets, and one that none can."""

    check: str
    kind: Kind
    loose: float
    impossible: float
    workload: Callable[[TopologyView], Scenario]
    duration: float = 0.4


def declare(gate: Gate, module: dict[str, object]) -> None:
    """Adds the two tests of a gate to a module."""
    for word, bound, expected in (
        ("met", gate.loose, None),
        ("missed", gate.impossible, ExpectFail(gate.kind)),
    ):
        name = f"{gate.check}_is_{word}"
        checks = parse_checks({gate.check: repr(bound)})

        def test(machine: TopologyView) -> Scenario:
            return gate.workload(machine)

        test.__name__ = name
        test.__module__ = str(module["__name__"])
        module[name] = scenario(duration=gate.duration, checks=checks, expect_fail=expected)(test)
