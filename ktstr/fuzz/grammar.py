# SPDX-License-Identifier: Apache-2.0
"""What scenarios may be made of: families of ops and properties, on one machine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ktstr.fuzz.trial import WORKERS, Trial
from ktstr.model.errors import UsageError
from ktstr.model.machine.topology import TopologyView
from ktstr.model.nearest import did_you_mean
from ktstr.model.plan import SchedulerPlan
from ktstr.model.scenario.inside import SetKernel
from ktstr.model.validation.validate import check_scenario


class Family(StrEnum):
    """What can be left out as a whole."""

    CPUSETS = "cpusets"
    LIMITS = "limits"
    AFFINITIES = "affinities"
    POLICIES = "policies"
    REAL_TIME = "real_time"
    DEADLINE = "deadline"
    FREEZE = "freeze"
    MOVES = "moves"
    NESTING = "nesting"
    HOTPLUG = "hotplug"
    SCHEDULERS = "schedulers"
    KNOBS = "knobs"


@dataclass(frozen=True)
class Knob:
    """A global variable of the scheduler, and the values that it may be set to."""

    name: str
    values: tuple[int, ...]


@dataclass(frozen=True)
class Grammar:
    """Of one target.

    scheduler: its own; None: the kernel's.  knobs: those that ops may set.  settings: variables of
    the kernel that all scenarios begin with.
    """

    view: TopologyView
    scheduler: SchedulerPlan | None
    families: frozenset[Family]
    knobs: tuple[Knob, ...] = ()
    settings: tuple[SetKernel, ...] = ()

    def has(self, family: Family) -> bool:
        """Whether it may be drawn here."""
        return family in self.families

    def check(self, trial: Trial) -> None:
        """Refuses what cannot be played: the model's own validation.

        Raises:
            UsageError: naming the step and the operation.
        """
        check_scenario(trial.scenario, self.view, WORKERS, self.scheduler)

    def takes(self, trial: Trial) -> bool:
        """Whether it can be played."""
        try:
            self.check(trial)
        except UsageError:
            return False
        return True


def families_without(names: tuple[str, ...]) -> frozenset[Family]:
    """All families but those of these names.

    Raises:
        UsageError: there is no such family; those there are are named.
    """
    known = [each.value for each in Family]
    for name in names:
        if name not in known:
            raise UsageError(
                f"--without {name}: there is no such family{did_you_mean(name, known)}; there are "
                f"{', '.join(known)}"
            )
    return frozenset(Family) - frozenset(map(Family, names))


def knob_of(text: str) -> Knob:
    """`NAME=V[,V...]`, whole numbers.

    Raises:
        UsageError: it is of another form.
    """
    name, equals, values = text.partition("=")
    try:
        numbers = tuple(int(value, 0) for value in values.split(","))
    except ValueError:
        equals = ""
        numbers = ()
    if not name or not equals:
        raise UsageError(f"--knob {text}: say NAME=VALUE[,VALUE...], with whole numbers")
    return Knob(name, numbers)


def setting_of(text: str) -> SetKernel:
    """`NAME=V`, a whole number.

    Raises:
        UsageError: it is of another form.
    """
    name, _, value = text.partition("=")
    try:
        number = int(value, 0)
        if not name:
            raise ValueError(text)
        return SetKernel(name, number)
    except ValueError as error:
        raise UsageError(f"--kernel {text}: say NAME=VALUE, with a whole number") from error
