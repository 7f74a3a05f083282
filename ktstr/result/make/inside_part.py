# SPDX-License-Identifier: Apache-2.0
"""The part of a result that was read out of the guest's memory."""

from __future__ import annotations

from itertools import pairwise

from ktstr.introspect.postmortem.state import PostMortem
from ktstr.introspect.replay.page import Replay
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.characters import encodable
from ktstr.result.make.mirror import mirrored

# Lines of one difference: two snapshots of a guest at work have little in common.
_MOST_CHANGES = 40


def add_inside(result: result_pb2.Result, run: RunRecord) -> None:
    """Adds the snapshots of a run by their times, its post-mortem, and what its replay showed."""
    snapshots = run.all_snapshots
    result.snapshots.extend([snapshot_message(each) for each in snapshots])
    for message, (before, after) in zip(result.snapshots[1:], pairwise(snapshots), strict=True):
        _compare(message, before, after)
    if run.taken is not None:
        result.snapshot_watch.SetInParent()
        result.snapshot_watch.problem = encodable(run.taken.problem)
        result.snapshot_watch.mistaken = run.taken.mistaken
    if run.post_mortem is not None:
        result.post_mortem.CopyFrom(post_mortem_message(run.post_mortem))
        if snapshots:
            last = result.post_mortem.snapshot
            _compare(last, snapshots[-1], run.post_mortem.snapshot)
    if run.replay is not None:
        result.replay.CopyFrom(replay_message(run.replay))


def _compare(message: result_pb2.KernelSnapshot, before: Snapshot, after: Snapshot) -> None:
    """Adds what has changed since the snapshot before."""
    # late: most results have one at most
    from ktstr.introspect.snapshot.difference import lines_of

    message.since = encodable(before.name)
    found = lines_of(before, after)
    message.changes.extend([encodable(line) for line in found[:_MOST_CHANGES]])
    if len(found) > _MOST_CHANGES:
        message.changes.append(f"and {len(found) - _MOST_CHANGES} more")


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


def replay_message(found: Replay) -> result_pb2.Replay:
    """The page of a replay as a result keeps it."""
    message = mirrored(result_pb2.Replay(), found, leave=("calls", "events"))
    for call in found.calls:
        mirrored(message.calls.add(), call)
    for event in found.events:
        mirrored(message.events.add(), event)
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
