# SPDX-License-Identifier: Apache-2.0
"""Between the agent and the process of a test function: facts one way, knobs both ways.

The function's process writes frames; those whose type is in `LinkType` are for the agent, all
others go on to the host.  To a KNOB the agent answers with a line of JSON.
"""

from __future__ import annotations

import json
import os
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from ktstr.guest import sched_ext
from ktstr.guest.sched_ext import ENABLED, Uevents
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.frames import Damage, Frame, FrameReader

if TYPE_CHECKING:
    from ktstr.guest.engine import Subject
    from ktstr.guest.port import FramePort
    from ktstr.guest.reactor import Reactor

_PIECE = 1 << 16


class LinkType(IntEnum):
    """Frames that end at the agent."""

    KNOB = 0x8001  # {"name": str, "value": int}
    DONE = 0x8002  # how the function ended: the fields of facts.TestFacts that it knows itself


class AgentEnd:
    """The agent's side: passes facts on to the host's port and serves requests.

    `done` is the body of the DONE frame once it has come.
    """

    def __init__(self, incoming: int, answers: int, port: FramePort, subject: Subject) -> None:
        self._incoming, self._answers = incoming, answers
        self._port, self._subject = port, subject
        self._reader = FrameReader()
        self.done: dict[str, Any] | None = None
        self._damages: list[Damage] = []

    def read(self) -> bool:
        """Takes what is there; returns whether more can come."""
        data = os.read(self._incoming, _PIECE)
        for item in self._reader.feed(data):
            if isinstance(item, Damage):
                self._damages.append(item)
            else:
                self._take(item)
        return bool(data)

    def damages(self) -> tuple[str, ...]:
        """What of all that the function's process sent was no intact frame: place and reason."""
        cut = self._reader.finish()
        found = self._damages if cut is None else [*self._damages, cut]
        return tuple(f"{damage.reason} at byte {damage.offset}" for damage in found)

    def _take(self, frame: Frame) -> None:
        if frame.type == LinkType.DONE:
            self.done = frame.body
        elif frame.type == LinkType.KNOB:
            self._answer(frame.body)
        else:
            self._port.forward(frame.type, frame.body)

    def _answer(self, request: dict[str, Any]) -> None:
        answer = {"usage": "", "infra": ""}
        try:
            self._subject.set_knob(request["name"], request["value"])
        except UsageError as error:
            answer["usage"] = str(error)
        except InfraError as error:
            answer["infra"] = str(error)
        os.write(self._answers, json.dumps(answer).encode() + b"\n")


class RemoteSubject:
    """The `engine.Subject` in the function's process.  `ops` is empty if there is no scheduler."""

    def __init__(self, ops: str, link: FramePort, answers: int, reactor: Reactor) -> None:
        self._ops, self._link, self._answers = ops, link, answers
        if ops:
            self._uevents = Uevents()
            reactor.watch(self._uevents.descriptor, self._uevents.drain)

    def trouble(self) -> str:
        """Why a scenario must end: the scheduler is not attached any more."""
        now = sched_ext.read_state()
        if not self._ops or (now.state == ENABLED and now.ops == self._ops):
            return ""
        return f"the scheduler is no longer attached: sched_ext is {now.state or 'absent'}"

    def set_knob(self, name: str, value: int) -> None:
        """Has the agent set a knob.

        Raises:
            UsageError: the scheduler has no such knob, or refuses the value.
            InfraError: it does not answer.
        """
        self._link.forward(LinkType.KNOB, {"name": name, "value": value})
        text = b""
        while not text.endswith(b"\n"):
            piece = os.read(self._answers, _PIECE)
            if not piece:
                raise InfraError("the agent is gone")
            text += piece
        answer = json.loads(text)
        if answer["usage"]:
            raise UsageError(answer["usage"])
        if answer["infra"]:
            raise InfraError(answer["infra"])
