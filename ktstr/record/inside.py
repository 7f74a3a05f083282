# SPDX-License-Identifier: Apache-2.0
"""What was read out of a guest's memory, read back from a result."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any, TypeVar

from google.protobuf.message import Message

from ktstr.introspect.postmortem.state import HeldLock, LogRecord, PostMortem, TaskStack
from ktstr.introspect.replay.page import Call, Happened, Replay
from ktstr.introspect.snapshot.state import Dsq, Extension, Runqueue, Snapshot, Task
from ktstr.result import result_pb2

_T = TypeVar("_T")


def snapshots_in(result: result_pb2.Result) -> tuple[Snapshot, ...]:
    """The snapshots of a result, in order."""
    return tuple(_snapshot(each) for each in result.snapshots)


def post_mortem_in(result: result_pb2.Result) -> PostMortem | None:
    """The post-mortem of a result, None where it has none."""
    if not result.HasField("post_mortem"):
        return None
    message = result.post_mortem
    return dataclasses.replace(
        _plain(PostMortem, message, snapshot=_snapshot(message.snapshot)),
        stacks=tuple(_plain(TaskStack, each) for each in message.stacks),
        log=tuple(_plain(LogRecord, each) for each in message.log),
        locks=tuple(_plain(HeldLock, each) for each in message.locks),
    )


def replay_in(result: result_pb2.Result) -> Replay | None:
    """What a replay showed, None where there was none."""
    if not result.HasField("replay"):
        return None
    return dataclasses.replace(
        _plain(Replay, result.replay),
        calls=tuple(_plain(Call, each) for each in result.replay.calls),
        events=tuple(_plain(Happened, each) for each in result.replay.events),
    )


def _snapshot(message: result_pb2.KernelSnapshot) -> Snapshot:
    extension = message.extension if message.HasField("extension") else None
    return dataclasses.replace(
        _plain(Snapshot, message),
        tasks=tuple(_plain(Task, each) for each in message.tasks),
        runqueues=tuple(_plain(Runqueue, each) for each in message.runqueues),
        dsqs=tuple(_plain(Dsq, each) for each in message.dsqs),
        extension=None if extension is None else _plain(Extension, extension),
    )


def _plain(kind: type[_T], message: Message, **parts: Any) -> _T:
    """The dataclass with the message's own fields of numbers and text; `parts` are added."""
    found: dict[str, Any] = dict(parts)
    hints = typing.get_type_hints(kind)
    known = message.DESCRIPTOR.fields_by_name
    for field in dataclasses.fields(typing.cast("Any", kind)):
        if field.name not in known or known[field.name].message_type is not None:
            continue
        value: Any = getattr(message, field.name)
        if typing.get_origin(hints[field.name]) is tuple:
            value = tuple(value)
        absent = known[field.name].has_presence and not message.HasField(field.name)
        found[field.name] = None if absent else value
    return kind(**found)
