# SPDX-License-Identifier: Apache-2.0
"""Where the scheduler looked, and what lay in the guest for the test."""

from __future__ import annotations

from ktstr.model.plan import Plan, SchedulerPlan
from ktstr.result import result_pb2
from ktstr.result.characters import encodable

# of ktstr/guest/system/cgroups.py, which is the guest's
_DEFAULT_ROOT = "/ktstr"


def places_of(plan: Plan) -> result_pb2.Places:
    """The part of a result about the test's cgroups and files."""
    return result_pb2.Places(
        workload_root_cgroup=encodable(plan.workload_root or _DEFAULT_ROOT),
        made_before_scheduler=bool(plan.workload_root),
        data=map(encodable, plan.data),
    )


def add_places(message: result_pb2.SchedulerChoice, plan: SchedulerPlan) -> None:
    """Adds how a scheduler is switched on, and where it looks."""
    message.enable.extend(map(encodable, plan.enable))
    message.disable.extend(map(encodable, plan.disable))
    message.cgroup_parent = encodable(plan.cgroup)
    message.config = encodable(plan.config)
    message.config_text = encodable(plan.config_text)
