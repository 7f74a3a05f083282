# SPDX-License-Identifier: Apache-2.0
"""A test function's process, from the outside; what it does is shown in real guests."""

from __future__ import annotations

import os
from typing import Any, NoReturn, cast
from unittest import mock

from absl.testing import absltest

from ktstr.guest.function import run
from ktstr.guest.function.run import FunctionRun
from ktstr.guest.scenario.population import Stage
from ktstr.guest.scheduler.subject import Subject
from ktstr.guest.system.cgroups import CgroupTree
from ktstr.guest.system.port import FramePort
from ktstr.guest.system.reactor import Reactor
from ktstr.model.errors import InfraError
from ktstr.model.facts import LogChunk, TestFacts
from ktstr.model.function_end import FunctionEnd
from ktstr.model.machine.topology import Topology, TopologyView
from tests.support.plans import function_plan
from tests.support.sink import Sink

_STAGE = Stage(TopologyView.of(Topology.parse("1n1l1c1t")), 1.0, 1, seed=1, collect_s=5.0)


def _body(*given: Any) -> NoReturn:
    """In the child: prints to the output, and says nothing."""
    os.write(given[-1], b"its words\n")
    os._exit(3)


class FunctionRunTest(absltest.TestCase):
    def test_a_cgroup_that_stays_takes_no_facts_along(self) -> None:
        sink, subject = Sink(), mock.create_autospec(Subject, instance=True)
        for name in ("create", "place", "kill", "await_empty"):
            self.enter_context(mock.patch.object(CgroupTree, name))
        self.enter_context(mock.patch.object(CgroupTree, "all_pids", return_value=[]))
        stays = InfraError("cannot remove cgroup 'body'")
        self.enter_context(mock.patch.object(CgroupTree, "remove", side_effect=stays))
        self.enter_context(mock.patch.object(run, "run_body", _body))
        port, whom = cast(FramePort, sink), cast(Subject, subject)
        with self.assertRaisesRegex(InfraError, "cannot remove cgroup 'body'"):
            FunctionRun(function_plan(), _STAGE, Reactor(), port, whom, None).run()
        (log,) = (each for each in sink.facts if isinstance(each, LogChunk))
        (facts,) = (each for each in sink.facts if isinstance(each, TestFacts))
        self.assertEqual(log.text, "its words\n")
        self.assertEqual((facts.outcome, facts.detail), (FunctionEnd.EXITED, "exit status 3"))


if __name__ == "__main__":
    absltest.main()
