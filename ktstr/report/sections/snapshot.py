# SPDX-License-Identifier: Apache-2.0
"""Snapshots of a guest's scheduling for people: each in a few lines, the first ones only."""

from __future__ import annotations

from collections.abc import Sequence

from ktstr.result import result_pb2
from ktstr.result.characters import one_line

_SNAPSHOTS_SHOWN, _TASKS_SHOWN, _CHANGES_SHOWN = 2, 12, 12
# so many more are shown by what has changed since the one before
_COMPARED_SHOWN = 6


def snapshot_lines(snapshots: Sequence[result_pb2.KernelSnapshot]) -> list[str]:
    """Who ran and who waited where, and what changed in between; result.json has all of it."""
    lines = []
    for number, each in enumerate(snapshots[: _SNAPSHOTS_SHOWN + _COMPARED_SHOWN]):
        cause = f", as {one_line(each.cause)}" if each.cause else ""
        name = one_line(each.name) or "unnamed"
        lines.append(f"{name}, at {each.at_ns / 1e9:.6f} s of the guest{cause}")
        if number < _SNAPSHOTS_SHOWN:
            lines += [f"  {line}" for line in _lines(each)]
        lines += [f"  {line}" for line in change_lines(each)]
    left_out = len(snapshots) - _SNAPSHOTS_SHOWN - _COMPARED_SHOWN
    return [*lines, f"and {left_out} more in result.json"] if left_out > 0 else lines


def change_lines(snapshot: result_pb2.KernelSnapshot) -> list[str]:
    """What has changed since the snapshot before; nothing of the first."""
    if not snapshot.since:
        return []
    shown = [one_line(each) for each in snapshot.changes[:_CHANGES_SHOWN]]
    left_out = len(snapshot.changes) - len(shown)
    shown += [f"and {left_out} more in result.json"] if left_out else []
    shown = shown or ["nothing but times"]
    return [f"since {one_line(snapshot.since)}:", *(f"  {line}" for line in shown)]


def _lines(snapshot: result_pb2.KernelSnapshot) -> list[str]:
    runs = [_cpu(each) for each in snapshot.runqueues if each.online]
    lines = [f"CPUs run {', '.join(runs)}"] if runs else []
    lines += [
        f"DSQ {one_line(each.name)} is {each.depth} deep" for each in snapshot.dsqs if each.depth
    ]
    waiting = sorted((each for each in snapshot.tasks if each.queue), key=lambda t: -t.waiting_ns)
    for task in waiting[:_TASKS_SHOWN]:
        waited = f" for {task.waiting_ns / 1e6:.1f} ms" if task.HasField("waiting_ns") else ""
        lines.append(f"{one_line(task.comm)}[{task.pid}] waits in {one_line(task.queue)}{waited}")
    if len(waiting) > _TASKS_SHOWN:
        lines.append(f"and {len(waiting) - _TASKS_SHOWN} more wait")
    return lines + [f"not read: {one_line(each)}" for each in snapshot.missing]


def _cpu(each: result_pb2.KernelSnapshot.Runqueue) -> str:
    if each.current_class == "idle":
        return f"{each.cpu}: nothing"
    return f"{each.cpu}: {one_line(each.current_comm)}[{each.current}]"
