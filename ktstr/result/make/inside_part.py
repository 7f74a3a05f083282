# SPDX-License-Identifier: Apache-2.0
"""The part of a result that was read out of the guest's memory."""

from __future__ import annotations

from ktstr.introspect.postmortem.state import PostMortem
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.make.mirror import mirrored


def add_inside(result: result_pb2.Result, run: RunRecord) -> None:
    """Adds the snapshots of a run, asked for or not, by their times, and its post-mortem."""
    asked = run.asked.snapshots if run.asked is not None else ()
    snapshots = sorted((*run.snapshots, *asked), key=lambda each: each.at_ns)
    result.snapshots.extend([snapshot_message(each) for each in snapshots])
    if run.post_mortem is not None:
        result.post_mortem.CopyFrom(post_mortem_message(run.post_mortem))


def snapshot_message(snapshot: Snapshot) -> result_pb2.KernelSnapshot:
    """A snapshot as a result keeps it."""
    parts = ("tasks", "runqueues", "dsqs", "extension")
    message = mirrored(result_pb2.KernelSnapshot(), snapshot, leave=parts)
    for task in snapshot.tasks:
        mirrored(message.tasks.add(), task, leave=("address",))
    for runqueue in snapshot.runqueues:
        mirrored(message.runqueues.add(), runqueue)
    for dsq in snapshot.dsqs:
        mirrored(message.dsqs.add(), dsq)
    if snapshot.extension is not None:
        mirrored(message.extension, snapshot.extension)
        message.extension.SetInParent()
    return message


def post_mortem_message(found: PostMortem) -> result_pb2.PostMortem:
    """A post-mortem as a result keeps it."""
    parts = ("snapshot", "stacks", "log", "locks")
    message = mirrored(result_pb2.PostMortem(), found, leave=parts)
    message.snapshot.CopyFrom(snapshot_message(found.snapshot))
    for stack in found.stacks:
        mirrored(message.stacks.add(), stack)
    for record in found.log:
        mirrored(message.log.add(), record)
    for lock in found.locks:
        mirrored(message.locks.add(), lock)
    return message
