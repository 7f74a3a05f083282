# SPDX-License-Identifier: Apache-2.0
"""In which order the agent begins and ends things, whatever fails; the rest is shown in guests."""

from __future__ import annotations

import os
from unittest import mock

from absl.testing import absltest

from ktstr.guest import agent
from ktstr.guest.observers.witness import Witness
from ktstr.guest.scheduler.lives import Schedulers
from ktstr.guest.system.port import FramePort
from ktstr.guest.system.reactor import Reactor
from ktstr.model.errors import InfraError
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.wire.frames import Frame, FrameReader, FrameType
from tests.support.plans import plan


class AgentTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        for name in ("shield", "set_comm", "set_oom_score", "workload_tree", "CpuWatch", "mark"):
            self.enter_context(mock.patch.object(agent, name))
        view = TopologyView.of(Topology.parse("1n1l1c1t"))
        self.enter_context(mock.patch.object(agent, "seen_view", return_value=view))
        self.schedulers = mock.create_autospec(Schedulers, instance=True)
        self.schedulers.begin.return_value = False
        self.enter_context(mock.patch.object(agent, "Schedulers", return_value=self.schedulers))
        self.witness = mock.create_autospec(Witness, instance=True)

    def end(self) -> str:
        """The error that the agent's last frame tells of."""
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as frames:
            agent.run(writing, plan().to_json().encode(), lambda: None, witness=self.witness)
            os.close(writing)
            *_, last = FrameReader().feed(frames.read())
        assert isinstance(last, Frame)
        self.assertEqual(last.type, FrameType.END)
        return str(last.body["agent_error"])

    def test_schedulers_that_do_not_end_leave_no_observer_behind(self) -> None:
        self.schedulers.end.side_effect = InfraError("its process stays")
        self.assertEqual(self.end(), "InfraError: its process stays")
        self.witness.finish.assert_called_once_with()
        agent.CpuWatch.return_value.finish.assert_called_once_with()  # type: ignore[attr-defined]

    def test_an_observer_that_fails_leaves_no_scheduler_behind(self) -> None:
        self.witness.begin.side_effect = InfraError("no ring")
        self.assertEqual(self.end(), "InfraError: no ring")
        agent.CpuWatch.return_value.finish.assert_called_once_with()  # type: ignore[attr-defined]
        self.schedulers.begin.assert_not_called()


class RecorderTest(absltest.TestCase):
    def order(self, fails: Exception | None = None) -> list[str]:
        """What is asked of the schedulers and of the recorder, in order."""
        calls = mock.Mock()
        calls.schedulers.begin.return_value = True
        calls.schedulers.end.side_effect = fails
        names = {"Schedulers": calls.made, "CpuWatch": mock.Mock(), "mark": mock.Mock()}
        self.enter_context(mock.patch.multiple(agent, **names, seen_view=mock.Mock()))
        calls.made.return_value = calls.schedulers
        session = agent._Session(
            plan(witness=False), mock.create_autospec(FramePort), Reactor(), None, None
        )
        with (
            mock.patch.object(agent._Session, "_recorder", return_value=calls.recorder),
            mock.patch.object(agent._Session, "_body", calls.body),
        ):
            if fails is None:
                session.carry_out()
            else:
                with self.assertRaises(type(fails)):
                    session.carry_out()
        wanted = ("schedulers.", "recorder.", "body")
        return [name for name, *_ in calls.mock_calls if name.startswith(wanted)]

    def test_it_tells_what_it_recorded_once_no_scheduler_is_tested_any_more(self) -> None:
        self.assertEqual(
            self.order(),
            ["schedulers.begin", "recorder.follow", "body", "schedulers.end", "recorder.finish"],
        )

    def test_it_tells_where_the_schedulers_cannot_be_ended(self) -> None:
        self.assertEqual(self.order(OSError("gone"))[-1], "recorder.finish")


if __name__ == "__main__":
    absltest.main()
