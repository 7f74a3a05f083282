# SPDX-License-Identifier: Apache-2.0
"""max_cleanup_ms: ending workers and removing cgroups does not take long."""

from __future__ import annotations

from ktstr.judge.checks.measure import Limit, Measurement
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import NS_PER_MS
from ktstr.model.scenario.background import step_label
from ktstr.model.verdict.kinds import Kind


def cleanups(scope: Scope) -> list[Measurement]:
    """How long each teardown took, ms: after each step, and of the Backdrop after the last."""
    found = []
    for scenario in scope.scenarios:
        found += [
            _cleanup(step_label(step.index), step.torn_down_ns - step.ended_ns)
            for step in scenario.steps
        ]
        if scope.step is None:
            found.append(_cleanup("the scenario", scenario.cleanup_ns))
    return found


MAX_CLEANUP = Limit("max_cleanup_ms", Kind.CLEANUP, "ms", cleanups)


def _cleanup(where: str, took_ns: int) -> Measurement:
    took_ms = took_ns / NS_PER_MS
    return Measurement(where, took_ms, f"the cleanup after {where} took {took_ms:.1f} ms")
