# SPDX-License-Identifier: Apache-2.0
"""The part of a result that is about scenarios and their cgroups."""

from __future__ import annotations

import json

from ktstr.model.codec import KIND, encode
from ktstr.model.facts import CgroupFacts, ScenarioFacts
from ktstr.result import result_pb2
from ktstr.result.make.mirror import counters, mirrored


def scenario_result(facts: ScenarioFacts) -> result_pb2.Scenario:
    """A scenario as the result has it."""
    message = mirrored(result_pb2.Scenario(), facts, leave=("steps", "timeouts"))
    for step in facts.steps:
        each = mirrored(message.steps.add(), step, leave=("checks",))
        if step.checks is not None:
            thresholds = {k: v for k, v in encode(step.checks).items() if v is not None}
            thresholds.pop(KIND)
            each.checks = json.dumps(thresholds, sort_keys=True)
    for timeout in facts.timeouts:
        mirrored(message.timeouts.add(), timeout)
    return message


def cgroup_life(facts: CgroupFacts) -> result_pb2.Cgroup.Life:
    """One life of a cgroup: from its making to its removal."""
    leave = ("name", "cpu_stat", "limits", "limits_in_force", "stats")
    message = mirrored(result_pb2.Cgroup.Life(), facts, leave=leave)
    message.cpu_stat.extend(counters(facts.cpu_stat))
    message.stats.extend(counters(facts.stats))
    for file, text in sorted(facts.limits.items()):
        message.limits.add(file=file, given=text, in_force=facts.limits_in_force.get(file, ""))
    return message
