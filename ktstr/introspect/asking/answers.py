# SPDX-License-Identifier: Apache-2.0
"""What the host answers to a request, from a guest's memory alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

from ktstr.model.codec import decode, encode
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.wire.asking import (
    MAX_REPLY,
    REPLY,
    REQUEST,
    Answer,
    Outcome,
    Question,
    ReadKernel,
    ReadMap,
    Request,
    TakeSnapshot,
    WriteKernel,
    WriteMap,
    pack,
    unpack,
)


class State(Protocol):
    """The state of a guest that stands.

    All raise UsageError for what there is not, and InfraError (MemoryFault) for what cannot be
    reached.
    """

    def read_kernel(self, asked: ReadKernel) -> Any:
        """A variable of the kernel's, as JSON has it."""

    def write_kernel(self, asked: WriteKernel) -> int:
        """Sets one; what it was."""

    def read_map(self, asked: ReadMap) -> Any:
        """A part of a map, as JSON has it."""

    def write_map(self, asked: WriteMap) -> int:
        """Sets one; what it was."""

    def take_snapshot(self, name: str) -> None:
        """Keeps all of it."""


def reply_to(data: bytes, room: int, state: Callable[[], State]) -> bytes | None:
    """The reply to the request that `data` is, in `room` bytes; None where there is no request.

    Whatever goes wrong is in the reply, so that who asked never waits for one in vain.  `state` is
    asked for late: few guests ask, and it is dear to make.
    """
    number, answer = 0, None
    try:
        unpacked = unpack(REQUEST, data)
        if unpacked is None:
            return None
        number, body = unpacked
        answer = _answer(decode(Question, json.loads(body)).request, state())
    except UsageError as error:
        answer = Answer(Outcome.NO_SUCH, words=str(error))
    except (InfraError, ValueError, RecursionError) as error:
        # the last two are of a request that is no JSON, or too deep
        answer = Answer(Outcome.UNABLE, words=f"the host cannot tell: {error}")
    reply = _packed(number, answer)
    most = min(room, MAX_REPLY)
    if len(reply) > most:
        words = f"the answer has {len(reply)} bytes, of {most} at most; ask for a part of it"
        reply = _packed(number, Answer(Outcome.NO_SUCH, words=words))
    return reply if len(reply) <= most else None


def _answer(request: Request, state: State) -> Answer:
    match request:
        case ReadKernel():
            return Answer(Outcome.DONE, state.read_kernel(request))
        case WriteKernel():
            return Answer(Outcome.DONE, state.write_kernel(request))
        case ReadMap():
            return Answer(Outcome.DONE, state.read_map(request))
        case WriteMap():
            return Answer(Outcome.DONE, state.write_map(request))
        case TakeSnapshot(name):
            state.take_snapshot(name)
            return Answer(Outcome.DONE)


def _packed(number: int, answer: Answer) -> bytes:
    return pack(REPLY, number, json.dumps(encode(answer), separators=(",", ":")).encode())
