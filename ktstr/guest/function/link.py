# SPDX-License-Identifier: Apache-2.0
"""Between the agent and the process of a test function: facts one way, requests both ways.

The function's process writes frames; those whose type is in `LinkType` are for the agent, all
others go on to the host.  To an ASK the agent answers with a line of JSON.
"""

from __future__ import annotations

import json
import os
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from ktstr.guest.system import sched_ext
from ktstr.guest.system.sched_ext import Uevents
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.wire.frames import Damage, Frame, FrameReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from ktstr.guest.scenario.phases import Watcher
    from ktstr.guest.scheduler.subject import Subject
    from ktstr.guest.system.port import FramePort
    from ktstr.guest.system.reactor import Reactor

_PIECE = 1 << 16


class LinkType(IntEnum):
    """Frames that end at the agent."""

    ASK = 0x8001  # {"what": a method of `Subject` or `Watcher`, "with": [its arguments]}
    DONE = 0x8002  # how the function ended: the fields of facts.TestFacts that it knows itself


class AgentEnd:
    """The agent's side: passes facts on to the host's port and serves requests.

    `done` is the body of the DONE frame once it has come.
    """

    def __init__(
        self,
        incoming: int,
        answers: int,
        port: FramePort,
        subject: Subject,
        witness: Watcher | None = None,
    ) -> None:
        self._incoming, self._answers = incoming, answers
        self._port, self._subject = port, subject
        self._reader = FrameReader()
        self.done: dict[str, Any] | None = None
        self._damages: list[Damage] = []
        self._requests: dict[str, Callable[..., int | None]] = {
            "set_knob": subject.set_knob,
            "global_value": subject.global_value,
            "attach": subject.attach,
            "detach": subject.detach,
            "restart": subject.restart,
            "replace": subject.replace,
        }
        if witness is not None:
            self._requests |= {
                "measure": witness.measure,
                "turn": witness.turn,
                "report": witness.report,
            }

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
        elif frame.type == LinkType.ASK:
            self._answer(frame.body)
        else:
            self._port.forward(frame.type, frame.body)

    def _answer(self, request: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"usage": "", "infra": "", "value": None}
        try:
            answer["value"] = self._requests[request["what"]](*request["with"])
        except UsageError as error:
            answer["usage"] = str(error)
        except InfraError as error:
            answer["infra"] = str(error)
        # also after a failure: what had been attached may be gone
        answer["name"], answer["ops"] = self._subject.name, self._subject.ops
        os.write(self._answers, json.dumps(answer).encode() + b"\n")


class RemoteSubject:
    """The `engine.Subject` in the function's process: has the agent act on the scheduler.

    `name` is that of the scheduler that is meant to run, empty while none is; `ops` is what
    sched_ext is to show, empty while it is to be off.
    """

    def __init__(
        self, name: str, ops: str, link: FramePort, answers: int, reactor: Reactor
    ) -> None:
        self._name, self._ops = name, ops
        self._link, self._answers, self._reactor = link, answers, reactor
        self._uevents: Uevents | None = None
        self._listen()

    @property
    def name(self) -> str:
        """The scheduler that is meant to run now."""
        return self._name

    @property
    def ops(self) -> str:
        """What sched_ext is to show now."""
        return self._ops

    def trouble(self) -> str:
        """Why a scenario must end: the scheduler is not attached any more."""
        now = sched_ext.read_state()
        if not self._ops or now.runs(self._ops):
            return ""
        return f"the scheduler is no longer attached: sched_ext is {now.state or 'absent'}"

    def set_knob(self, name: str, value: int) -> None:
        """Sets a knob; raises as `Subject.set_knob` does."""
        self.ask("set_knob", name, value)

    def global_value(self, name: str) -> int:
        """Reads a variable; raises as `Subject.global_value` does."""
        return int(self.ask("global_value", name))

    def attach(self, name: str) -> None:
        """Attaches a scheduler; raises as `Subject.attach` does."""
        self.ask("attach", name)

    def detach(self) -> None:
        """Detaches the scheduler; raises as `Subject.detach` does."""
        self.ask("detach")

    def restart(self) -> None:
        """Restarts the scheduler; raises as `Subject.restart` does."""
        self.ask("restart")

    def replace(self, name: str) -> None:
        """Replaces the scheduler; raises as `Subject.replace` does."""
        self.ask("replace", name)

    def ask(self, what: str, *arguments: str | int | None) -> Any:
        """Has the agent do something, and returns what comes of it.

        Raises:
            UsageError, InfraError: what the agent's own call raised, or the agent is gone.
        """
        self._link.forward(LinkType.ASK, {"what": what, "with": list(arguments)})
        text = b""
        while not text.endswith(b"\n"):
            piece = os.read(self._answers, _PIECE)
            if not piece:
                raise InfraError("the agent is gone")
            text += piece
        answer = json.loads(text)
        self._name, self._ops = answer["name"], answer["ops"]
        self._listen()
        if answer["usage"]:
            raise UsageError(answer["usage"])
        if answer["infra"]:
            raise InfraError(answer["infra"])
        return answer["value"]

    def _listen(self) -> None:
        """Makes waits end when the scheduler goes by itself."""
        if self._ops and self._uevents is None:
            self._uevents = Uevents()
            self._reactor.watch(self._uevents.descriptor, self._uevents.drain)


class RemoteWitness:
    """The `turns.Watcher` in the function's process: the agent's witness watches for it, too."""

    def __init__(self, agent: RemoteSubject) -> None:
        self._agent = agent

    def measure(self, cgroup: str, identity: int) -> None:
        """There is a new cgroup."""
        self._agent.ask("measure", cgroup, identity)

    def turn(self, step: int | None) -> None:
        """The scenario is in `step` from now on."""
        self._agent.ask("turn", step)

    def report(self) -> None:
        """There is time to tell."""
        self._agent.ask("report")
