# SPDX-License-Identifier: Apache-2.0
"""Where a guest is stopped: at which of the calls, and what is said where it cannot be."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from absl.testing import absltest

from ktstr.introspect.debugger.place import Place
from ktstr.introspect.debugger.stop import Stop
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.part import Looked
from tests.support.plans import plan

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
_KERNEL = Kernel.open(_FILES["vmlinux"], _FILES["vmlinux.index"])


class StopTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        # stands for QEMU: something that can be stopped, and is killed
        self.process = subprocess.Popen(["sleep", "60"])
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.states: list[str] = []

    def stop(self, place: Place) -> Stop:
        return Stop(place, self.stopped).look(_KERNEL, plan(), 2)

    def stopped(self, held: Held) -> None:
        os.waitid(os.P_PID, held.pid, os.WSTOPPED | os.WNOWAIT)
        self.states.append(Path(f"/proc/{held.pid}/stat").read_text().rsplit(")", 1)[1].split()[0])

    def hit(self, stop: Stop, number: int) -> None:
        stop.held(Held("drgn", 0, number, {}, self.process.pid))

    def test_it_stands_at_the_call_that_was_asked_for_and_ends_behind_it(self) -> None:
        stop = self.stop(Place("schedule", hit=3))
        (probe,) = stop.wanted.probes
        self.assertEqual(probe.address, _KERNEL.symbol("schedule"))
        self.assertTrue(probe.hold)
        for number in (1, 2):
            self.hit(stop, number)
        self.assertEqual((stop.reached, self.states), (False, []))
        self.hit(stop, 3)
        self.assertEqual((stop.reached, self.states), (True, ["T"]))
        self.assertEqual(self.process.wait(), -signal.SIGKILL)
        self.hit(stop, 4)
        self.assertLen(self.states, 1)

    def test_without_a_function_it_is_the_tick(self) -> None:
        (probe,) = self.stop(Place()).wanted.probes
        self.assertStartsWith(_KERNEL.where(probe.address), "sched_tick+0x0")

    def test_what_the_kernel_lacks(self) -> None:
        with self.assertRaisesRegex(UnknownName, "no symbol 'shedule'"):
            self.stop(Place("shedule"))

    def test_why_it_could_not_stop_is_kept(self) -> None:
        stop = self.stop(Place("schedule"))
        stop.made(Looked(problem="the plugin is of another version"))
        self.assertEqual(stop.problem, "the plugin is of another version")
        stop = Stop(Place("schedule"), self.stopped)
        stop.without("no index")
        self.assertEqual((stop.problem, stop.wanted.probes), ("no index", ()))

    def test_a_time_needs_the_guests_memory(self) -> None:
        stop = self.stop(Place(after_s=1.0))
        self.hit(stop, 1)
        self.assertFalse(stop.reached)
        self.assertIn("has no memory of nodes", stop.problem)


if __name__ == "__main__":
    absltest.main()
