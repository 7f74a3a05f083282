# SPDX-License-Identifier: Apache-2.0
"""The pipe between the agent and a test function's process."""

from __future__ import annotations

import os
import threading

from absl.testing import absltest

from ktstr.guest.function.link import AgentEnd, LinkType, RemoteSubject
from ktstr.guest.system.port import FramePort
from ktstr.guest.system.reactor import Reactor
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.facts import End, Event
from ktstr.model.wire.events import EventName
from ktstr.model.wire.frames import Frame, FrameReader, FrameType


class _Subject:
    """What the agent has; it remembers what it was told."""

    def __init__(self) -> None:
        self.set: list[tuple[str, int]] = []
        self.told: list[str] = []
        self.name, self.ops = "own", "fifo"

    def trouble(self) -> str:
        return ""

    def set_knob(self, name: str, value: int) -> None:
        if name == "unknown":
            raise UsageError("no such knob")
        if name == "silent":
            raise InfraError("no answer")
        self.set.append((name, value))

    def global_value(self, name: str) -> int:
        return dict(self.set)[name]

    def attach(self, name: str) -> None:
        self.told.append(f"attach {name}")
        self.name, self.ops = name, "simple"

    def detach(self) -> None:
        self.told.append("detach")
        self.name = self.ops = ""
        raise InfraError("it was gone")

    def restart(self) -> None:
        self.told.append("restart")

    def replace(self, name: str) -> None:
        self.told.append(f"replace {name}")


class LinkTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.link = os.pipe()
        self.answers = os.pipe()
        self.host = os.pipe()
        for pair in (self.link, self.answers, self.host):
            for descriptor in pair:
                self.addCleanup(os.close, descriptor)
        self.knobs = _Subject()
        port = FramePort(self.host[1], 1)
        self.agent = AgentEnd(self.link[0], self.answers[1], port, self.knobs)
        self.child = FramePort(self.link[1])

    def test_facts_are_passed_on_and_renumbered(self) -> None:
        self.child.emit(Event(1, EventName.OP))
        self.child.forward(LinkType.DONE, {"outcome": "returned"})
        self.child.emit(End(3, 2))
        self.assertTrue(self.agent.read())
        frames = list(FrameReader().feed(os.read(self.host[0], 1 << 16)))[1:]
        found = [(item.type, item.seq) for item in frames if isinstance(item, Frame)]
        self.assertEqual(found, [(FrameType.EVENT, 1), (FrameType.END, 2)])
        self.assertEqual(self.agent.done, {"outcome": "returned"})

    def test_what_arrives_whole_is_no_damage(self) -> None:
        self.child.emit(Event(1, EventName.OP))
        self.assertTrue(self.agent.read())
        self.assertEqual(self.agent.damages(), ())

    def test_damage_is_told_and_costs_no_more_than_itself(self) -> None:
        self.child.emit(Event(1, EventName.OP))
        os.write(self.link[1], b"something else")
        self.child.emit(Event(2, EventName.THAW))
        self.agent.read()
        frames = list(FrameReader().feed(os.read(self.host[0], 1 << 16)))
        self.assertEqual(
            [item.body["name"] for item in frames if isinstance(item, Frame)], ["op", "thaw"]
        )
        (damage,) = self.agent.damages()
        self.assertRegex(damage, "^no frame starts here at byte ")

    def test_a_frame_that_is_cut_short_is_damage(self) -> None:
        self.child.emit(Event(1, EventName.OP))
        os.write(self.link[1], b"KTF1\0\0")
        self.agent.read()
        (damage,) = self.agent.damages()
        self.assertRegex(damage, "^stream ends inside a frame at byte ")

    def test_a_copy_of_the_function_that_speaks_is_damage(self) -> None:
        self.child.emit(Event(1, EventName.OP))
        FramePort(self.link[1]).emit(Event(2, EventName.PROCS))
        self.agent.read()
        (damage,) = self.agent.damages()
        self.assertRegex(damage, "^sequence number 0 where 1 was due at byte ")

    def test_knobs_are_set_and_refusals_come_back(self) -> None:
        subject = RemoteSubject("", "", self.child, self.answers[0], Reactor())
        server = threading.Thread(target=lambda: [self.agent.read() for _ in range(3)])
        server.start()
        subject.set_knob("delay_ns", 5)
        with self.assertRaisesRegex(UsageError, "no such knob"):
            subject.set_knob("unknown", 1)
        with self.assertRaisesRegex(InfraError, "no answer"):
            subject.set_knob("silent", 1)
        server.join()
        self.assertEqual(self.knobs.set, [("delay_ns", 5)])

    def test_a_scheduler_comes_and_goes_through_the_agent(self) -> None:
        subject = RemoteSubject("own", "fifo", self.child, self.answers[0], Reactor())
        server = threading.Thread(target=lambda: [self.agent.read() for _ in range(6)])
        server.start()
        subject.set_knob("delay_ns", 5)
        self.assertEqual(subject.global_value("delay_ns"), 5)
        subject.restart()
        subject.replace("other")
        self.assertEqual(subject.ops, "fifo")
        with self.assertRaisesRegex(InfraError, "it was gone"):
            subject.detach()
        self.assertEqual((subject.name, subject.ops, subject.trouble()), ("", "", ""))
        subject.attach("simple")
        self.assertEqual((subject.name, subject.ops), ("simple", "simple"))
        server.join()
        self.assertEqual(self.knobs.told, ["restart", "replace other", "detach", "attach simple"])


if __name__ == "__main__":
    absltest.main()
