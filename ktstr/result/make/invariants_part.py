# SPDX-License-Identifier: Apache-2.0
"""The part of a result that says what was seen of invariants."""

from __future__ import annotations

from ktstr.introspect.invariants.findings import Broken
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.characters import encodable
from ktstr.result.make.mirror import mirrored


def add_invariants(result: result_pb2.Result, run: RunRecord) -> None:
    """Adds what was seen of invariants in `run`; nothing where nobody wanted to look."""
    found = run.invariants
    if found is None:
        return
    message = result.invariants
    message.problem = encodable(found.problem)
    message.unproven = not found.proven
    message.counted.extend(
        mirrored(result_pb2.Invariants.Counted(), each) for each in found.counted
    )
    message.broken.extend(_broken(each) for each in found.broken)
    message.lacked.extend(mirrored(result_pb2.Invariants.Lacked(), each) for each in found.lacked)


def _broken(broken: Broken) -> result_pb2.Invariants.Broken:
    message = mirrored(result_pb2.Invariants.Broken(), broken, leave=("terms",))
    for term in broken.terms:
        mirrored(message.terms.add(), term)
    return message
