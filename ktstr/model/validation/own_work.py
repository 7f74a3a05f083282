# SPDX-License-Identifier: Apache-2.0
"""Work types of the author's own that a scenario names: C programs and Python functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from ktstr.model.errors import UsageError
from ktstr.model.scenario.scenario import Scenario
from ktstr.model.work.types import CustomWork, PythonWork
from ktstr.model.work.work import Work


def check_custom_work(scenario: Scenario, workers: tuple[str, ...]) -> None:
    """Refuses a CustomWork that the target does not have; `workers` are those it has.

    Raises:
        UsageError: naming the work and those there are.
    """
    for work in _works(scenario):
        if isinstance(work.type, CustomWork) and work.type.name not in workers:
            raise UsageError(
                f"CustomWork({work.type.name!r}): there is no such work type; those of this test: "
                f"{', '.join(sorted(workers)) or 'none'} (the target's `workers` attribute)"
            )


def check_python_work(scenario: Scenario, names: Mapping[str, object]) -> None:
    """Refuses a PythonWork whose function is not among `names`, those of the test's module.

    Raises:
        UsageError: naming the function.
    """
    for work in _works(scenario):
        if isinstance(work.type, PythonWork) and not callable(names.get(str(work.type.function))):
            raise UsageError(
                f"PythonWork({work.type.function!r}): the test's file has no such function at its "
                f"top level"
            )


def has_python_work(scenario: Scenario) -> bool:
    """Whether the guest needs the test's file for its workers."""
    return any(isinstance(work.type, PythonWork) for work in _works(scenario))


def _works(part: Any) -> Iterator[Work]:
    if isinstance(part, Work):
        yield part
    elif isinstance(part, tuple):
        for each in part:
            yield from _works(each)
    elif dataclasses.is_dataclass(part):
        for field in dataclasses.fields(part):
            yield from _works(getattr(part, field.name))
