# SPDX-License-Identifier: Apache-2.0
"""The layers of thresholds that a test is judged by, below those of its scenario's steps."""

from __future__ import annotations

import dataclasses
import functools

from ktstr.machine.target import Target
from ktstr.model.errors import UsageError
from ktstr.model.verdict.checks import DEFAULT_CHECKS, Checks, check_checks, parse_checks
from ktstr.runner.cases.case import Case


def check_layers(case: Case, target: Target) -> list[tuple[str, Checks]]:
    """The layers by name, the lowest first: default, that of the scheduler under test, test.

    Raises:
        UsageError: the scheduler's checks are no checks.
    """
    layers = [("default", DEFAULT_CHECKS)]
    if target.scheduler is not None and target.scheduler.checks:
        try:
            checks = parse_checks(target.scheduler.checks)
            check_checks(checks)
        except UsageError as error:
            raise UsageError(f"{target.scheduler.label}: checks: {error}") from error
        layers.append((f"scheduler {target.scheduler.name}", checks))
    return [*layers, ("test", case.checks)]


def merged(layers: list[tuple[str, Checks]]) -> Checks:
    """The thresholds in force: of each the last that a layer sets."""
    return functools.reduce(Checks.merge, (checks for _, checks in layers), Checks())


def owners(layers: list[tuple[str, Checks]]) -> dict[str, str]:
    """Which layer set each threshold that is set at all."""
    return {
        field: name
        for name, checks in layers
        for field, value in dataclasses.asdict(checks).items()
        if value is not None
    }
