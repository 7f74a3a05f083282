# SPDX-License-Identifier: Apache-2.0
"""Asks the host, which looks into this guest from outside (`ktstr.model.wire.asking`).

Few tests do, and it is dear to import.
"""

from __future__ import annotations

import ctypes
import json
import mmap
from typing import Any

from ktstr.model.codec import decode, encode
from ktstr.model.errors import InfraError, NoSuchName, Unanswered, UsageError
from ktstr.model.wire.asking import (
    MAX_REPLY,
    MAX_REQUEST,
    OPTION,
    REPLY,
    REQUEST,
    Answer,
    Outcome,
    Question,
    Request,
    body_bytes,
    head_bytes,
    pack,
    unpack,
)

_UNANSWERED = (
    "nobody looks into this guest from outside, which the host can at an exact instant in virtual "
    "time alone, where QEMU takes ktstr's plugin"
)
_LIBC = ctypes.CDLL(None, use_errno=True)


class Outside:
    """One process's way to ask: memory of its own, which the host reads and writes."""

    def __init__(self) -> None:
        size = MAX_REQUEST + MAX_REPLY
        self._memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._address = ctypes.addressof(ctypes.c_ubyte.from_buffer(self._memory))
        self._asked = 0

    def ask(self, request: Request) -> Any:
        """What the host answers, as JSON has it.

        Raises:
            NoSuchName: the kernel or the scheduler has nothing of that name, or it cannot be set.
            UsageError: the request is too long.
            Unanswered: nobody listens, or the host cannot tell.
            InfraError: host and guest do not understand each other.
        """
        self._asked += 1
        body = json.dumps(encode(Question(request)), separators=(",", ":")).encode()
        asked = pack(REQUEST, self._asked, body)
        if len(asked) > MAX_REQUEST:
            raise UsageError(f"{request}: {len(asked)} bytes are more than a request may have")
        self._memory[: len(asked)] = asked
        # what the host is to write must be this process's own pages, and there; and no old reply
        for page in range(MAX_REQUEST, MAX_REQUEST + MAX_REPLY, mmap.PAGESIZE):
            self._memory[page] = 0
        words = (self._address, len(asked), self._address + MAX_REQUEST, MAX_REPLY)
        _LIBC.prctl(OPTION, *(ctypes.c_ulong(word) for word in words))
        return self._answer()

    def _answer(self) -> Any:
        start = MAX_REQUEST + head_bytes()
        head = self._memory[MAX_REQUEST:start]
        reply = unpack(REPLY, head + self._memory[start : start + body_bytes(head)])
        if reply is None:
            raise Unanswered(_UNANSWERED)
        number, body = reply
        if number != self._asked:
            raise InfraError(f"the host answered request {number} where {self._asked} was asked")
        answer = decode(Answer, json.loads(body))
        match answer.outcome:
            case Outcome.NO_SUCH:
                raise NoSuchName(answer.words)
            case Outcome.UNABLE:
                raise Unanswered(answer.words)
        return answer.value
