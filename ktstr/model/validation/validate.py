# SPDX-License-Identifier: Apache-2.0
"""Checks a scenario against a topology before anything boots (spec 2.3 to 2.5)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ktstr.model.codec import decode, encode
from ktstr.model.errors import UsageError
from ktstr.model.machine.disk import Disk
from ktstr.model.machine.topology import TopologyView
from ktstr.model.payload import Payload
from ktstr.model.scenario.relative import EEVDF
from ktstr.model.scenario.scenario import Fixed, Frac, HoldSpec, Loop, Scenario, Step, Until
from ktstr.model.validation.ledger import Ledger
from ktstr.model.validation.scheduler_ledger import SchedulerLedger

if TYPE_CHECKING:
    from ktstr.model.plan import SchedulerPlan


def check_hold(hold: HoldSpec) -> None:
    """Refuses holds that are not finite and above 0.

    Raises:
        UsageError: naming the hold.
    """
    if isinstance(hold, Until):
        return  # it depends on what there is by then
    if isinstance(hold, Frac):
        value = hold.fraction
    else:
        value = hold.seconds if isinstance(hold, Fixed) else hold.interval
    if not math.isfinite(value) or value <= 0:
        raise UsageError(f"{hold}: must be finite and above 0")


def check_types(scenario: Scenario) -> None:
    """Refuses a scenario whose parts are not of the types that they are declared to have.

    Raises:
        UsageError: the path to the part, what is expected there and what was found.
    """
    try:
        decode(Scenario, encode(scenario))
    except UsageError as error:
        raise UsageError(f"the scenario is not well formed: {error}") from error
    except TypeError as error:
        raise UsageError(f"the scenario is not well formed: a set in it: {error}") from error


def check_scenario(
    scenario: Scenario,
    view: TopologyView,
    workers_per_cgroup: int,
    scheduler: SchedulerPlan | None = None,
    payloads: tuple[Payload, ...] = (),
    disks: tuple[Disk, ...] = (),
    staged: tuple[SchedulerPlan, ...] = (),
    attached: str | None = None,
    offline: frozenset[int] = frozenset(),
) -> None:
    """Plays a scenario's bookkeeping through without running it.

    `scheduler`, `staged` and `payloads` are the target's, `disks` those of the machine.  `attached`
    is the name of the scheduler that is attached at its beginning, None for the target's own;
    `offline` are the CPUs that are not there then.

    Raises:
        UsageError: with the step and the operation that is wrong, and why.
    """
    if not scenario.steps:
        raise UsageError("the scenario has no step; give at least one Step or use defs(...)")
    if scenario.compared is not None and scheduler is None:
        raise UsageError(
            "compare() compares the target's scheduler with others, and this target has none: set "
            "its `scheduler` attribute"
        )
    if scenario.compared is not None and any(plan.name == EEVDF for plan in staged):
        raise UsageError(
            f"compare(): one of the `staged_schedulers` is called {EEVDF}, as the kernel's own "
            f"class is here; give its target another name"
        )
    ledger = Ledger(
        view,
        workers_per_cgroup,
        SchedulerLedger(scheduler, staged, attached),
        payloads,
        disks,
        offline,
    )
    ledger.define("Backdrop", scenario.backdrop.cgroups, lasting=True)
    ledger.apply("Backdrop", scenario.backdrop.ops, lasting=True)
    spent = 0.0
    for i, step in enumerate(scenario.steps):
        where = f"step {i}"
        try:
            check_hold(step.hold)
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from error
        if isinstance(step.hold, Loop) and spent >= 1:
            raise UsageError(
                f"{where}: {step.hold} lasts to the end of the test's duration, and the steps "
                f"before hold for all of it; give them smaller fractions"
            )
        spent += step.hold.fraction if isinstance(step.hold, Frac) else 0.0
        _play(where, step, ledger)
        ledger.end_step()


def _play(where: str, step: Step, ledger: Ledger) -> None:
    if isinstance(step.hold, Loop):
        if not step.ops:
            raise UsageError(f"{where}: {step.hold} repeats the step's ops, and it has none")
        ledger.define(where, step.setup, lasting=False)
        for times in ("", ", second round"):
            ledger.apply(f"{where}{times}", step.ops, lasting=False)
        return
    ledger.apply(where, step.ops, lasting=False)
    ledger.define(where, step.setup, lasting=False)
    if isinstance(step.hold, Until):
        ledger.hold(where, step.hold)
