# SPDX-License-Identifier: Apache-2.0
"""Whether what a test function asks for fits its guest: as a scenario of its target would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ktstr.model.validation.own_work import check_custom_work
from ktstr.model.validation.validate import check_scenario

if TYPE_CHECKING:
    from ktstr.guest.scenario.population import Stage
    from ktstr.model.plan import Plan
    from ktstr.model.scenario.scenario import Scenario


def check_fits(
    scenario: Scenario, plan: Plan, stage: Stage, attached: str, offline: frozenset[int]
) -> None:
    """Refuses a scenario that cannot be played here.

    `attached` is the scheduler's name, empty for none; `offline` are the CPUs that are gone.

    Raises:
        UsageError: with the step and the operation that is wrong, and why.
    """
    check_scenario(
        scenario,
        stage.view,
        stage.workers_per_cgroup,
        plan.scheduler,
        plan.payloads,
        plan.disks,
        plan.staged,
        attached,
        offline,
    )
    check_custom_work(scenario, plan.workers)
