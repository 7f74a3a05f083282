# SPDX-License-Identifier: Apache-2.0
"""Declares the catalogue's scenarios anew, to be played under a fault that they must catch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from ktstr import ExpectFail, Scenario, TopologyView, scenario
from ktstr.api import Declaration, declaration_of
from ktstr.scenarios.catalogue import (
    advanced,
    affinity,
    basic,
    cpuset,
    dynamic,
    interaction,
    nested,
    numa,
    performance,
    sched_class,
    stall,
    stress,
)

_PAGES: tuple[ModuleType, ...] = (
    advanced, affinity, basic, cpuset, dynamic, interaction, nested, numa,
    performance, sched_class, stall, stress,
)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """A fault of //sched/faulty, and what every scenario of the catalogue is to make of it.

    knobs: global variables of the scheduler, as the loader takes them; `others` replaces some of
    them in the scenarios it names.  expected: how the run must fail.  hidden: the scenarios in
    which the fault cannot show, and why.  least_s: guest seconds that it takes to show.
    """

    name: str
    knobs: Mapping[str, int | str]
    expected: ExpectFail
    hidden: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, Mapping[str, int | str]] = field(default_factory=dict)
    least_s: float = 0.0


def catalogue() -> dict[str, Declaration]:
    """Every scenario of the catalogue, as `page.name`."""
    return {
        f"{page.__name__.rpartition('.')[2]}.{found.name}": found
        for page in _PAGES
        for found in _declared(page)
    }


def declare(namespace: dict[str, Any], fault: Fault, only: Collection[str] | None = None) -> None:
    """Adds tests `FAULT_PAGE_NAME` to a module's namespace, one for each scenario (of `only`).

    They pass only if the scenario fails as the fault says.
    """
    for name, declared in catalogue().items():
        if name not in fault.hidden and (only is None or name in only):
            test = f"{fault.name}_{name.replace('.', '_')}"
            namespace[test] = _under(fault, name, declared, test, namespace["__name__"])


def _declared(page: ModuleType) -> Iterator[Declaration]:
    for value in vars(page).values():
        found = declaration_of(value)
        if found is not None and found.function.__module__ == page.__name__:
            yield found


def _under(
    fault: Fault, name: str, declared: Declaration, test: str, module: str
) -> Callable[[TopologyView], Scenario]:
    def play(machine: TopologyView) -> Scenario:
        played: Scenario = declared.function(machine)
        return played

    play.__name__, play.__module__ = test, module
    knobs = {**fault.knobs, **fault.others.get(name, {})}
    return scenario(
        duration=max(declared.duration_s, fault.least_s),
        workers_per_cgroup=declared.workers_per_cgroup,
        checks=declared.checks,
        expect_fail=fault.expected,
        scheduler_args=tuple(
            part for knob, value in knobs.items() for part in ("--set", f"{knob}={value}")
        ),
        needs=declared.needs,
    )(play)
