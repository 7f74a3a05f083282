# SPDX-License-Identifier: Apache-2.0
"""The part of a result that the sampler reported."""

from __future__ import annotations

from ktstr.model.wire.samples import SamplerFacts, SchedSample
from ktstr.result import result_pb2
from ktstr.result.make.mirror import add_histograms, mirrored

_HISTOGRAMS = ("wake", "run_delay", "off_cpu")


def sample_result(sample: SchedSample) -> result_pb2.SchedSample:
    """One task's, or several tasks', phase as the tracepoints saw it."""
    message = mirrored(result_pb2.SchedSample(), sample, leave=_HISTOGRAMS)
    add_histograms(message, sample, _HISTOGRAMS)
    return message


def sampler_result(facts: SamplerFacts) -> result_pb2.Sampler:
    """The sampler's account of one scenario."""
    message = mirrored(result_pb2.Sampler(), facts, leave=("programs",))
    for program in facts.programs:
        mirrored(message.programs.add(), program)
    return message
