# SPDX-License-Identifier: Apache-2.0
"""The part of a result that is about BPF programs, and about what was set from outside."""

from __future__ import annotations

from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.make.mirror import mirrored


def add_bpf(result: result_pb2.Result, run: RunRecord) -> None:
    """Adds what a test asked for or set; nothing where it did neither."""
    for facts in run.programs:
        life = mirrored(result.bpf.lives.add(), facts, leave=("programs",))
        life.programs.extend([mirrored(result_pb2.Bpf.Program(), each) for each in facts.programs])
    for each in run.state_set:
        message = result.bpf.set.add(before=str(each.before), after=str(each.after))
        mirrored(message, each, leave=("before", "after"))
