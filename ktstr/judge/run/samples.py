# SPDX-License-Identifier: Apache-2.0
"""Whether the kernel's tracepoints were sampled where the plan asks for it (`trace`)."""

from __future__ import annotations

from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.samples import SamplerFacts
from ktstr.record.run import RunRecord


def samples(run: RunRecord) -> list[Detail]:
    """INCONCLUSIVE for each sampler that failed or saw nothing, and where none reported.

    A test function may leave the sampler out of single runs, but not out of all of them.
    """
    if not run.plan.trace:
        return []
    details = [_missing(words) for sampler in run.samplers if (words := _flaw(run, sampler))]
    if run.end is not None and run.scenarios and not run.samplers:
        left_out = ", or was every ctx.run() told trace=False?" if run.plan.function else ""
        details.append(_missing(f"trace was asked for and no sampler reported{left_out}"))
    return details


def _flaw(run: RunRecord, sampler: SamplerFacts) -> str:
    """What is wrong with a sampler's account; empty if nothing is."""
    if sampler.error:
        return f"trace was asked for, but the sampler failed: {sampler.error}"
    if sampler.ready_ns is None:
        return "trace was asked for, but the sampler was never ready, and does not say why"
    span = range(sampler.ready_ns, sampler.ended_ns + 1)
    worked = sum(
        1 for each in run.workers if each.cgroup and each.work_units and each.started_ns in span
    )
    if worked and not any(each.started_ns in span for each in run.samples):
        return f"trace was asked for, but the sampler saw nothing of {worked} workers that worked"
    return ""


def _missing(message: str) -> Detail:
    return Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE)
