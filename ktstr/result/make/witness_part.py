# SPDX-License-Identifier: Apache-2.0
"""The part of a result that the witness reported."""

from __future__ import annotations

from ktstr.model.wire.witness import Idleness, RanUnder
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.make.mirror import counters, mirrored


def add_witness(result: result_pb2.Result, run: RunRecord) -> None:
    """Adds what the witness saw in `run`."""
    result.ran_under.extend([_ran_under(each) for each in run.ran_under])
    result.idleness.extend([_idleness(each) for each in run.idleness])
    result.holds.extend([mirrored(result_pb2.Hold(), each) for each in run.holds])
    if run.witness is not None:
        mirrored(result.witness, run.witness)


def _ran_under(facts: RanUnder) -> result_pb2.RanUnder:
    message = mirrored(result_pb2.RanUnder(), facts, leave=("samples",))
    message.samples.extend(counters(facts.samples))
    return message


def _idleness(facts: Idleness) -> result_pb2.Idleness:
    message = mirrored(result_pb2.Idleness(), facts, leave=("cpus",))
    for cpu in facts.cpus:
        mirrored(message.cpus.add(), cpu)
    return message
