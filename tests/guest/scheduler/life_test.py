# SPDX-License-Identifier: Apache-2.0
"""What a scheduler's life leaves behind in the agent; that it attaches is shown in real guests."""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from unittest import mock

from absl.testing import absltest

from ktstr.guest.scheduler import forked, life
from ktstr.guest.scheduler.forked import VARIABLE
from ktstr.guest.scheduler.life import Scheduler
from ktstr.guest.system import sched_ext
from ktstr.guest.system.processes import running
from ktstr.guest.system.reactor import Reactor
from ktstr.guest.system.sched_ext import SchedExtCounters, SchedExtState
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.facts import SchedulerFacts
from ktstr.model.plan import GuestDeadlines, SchedulerPlan
from ktstr.model.scheduler_phase import SchedulerPhase

_NOTHING = SchedExtState("disabled", "", "0", "")
# a helper in a session of its own keeps both outputs open until its input ends
_HELPER = "setsid sh -c 'read line <&3' 3<\"$1\" & exit 0"


class SchedulerLifeTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        uevents, log = mock.Mock(), mock.Mock()
        self.log = log
        uevents.descriptor, self._writer = os.pipe()
        log.lines.return_value = []
        for name, value in (("Uevents", uevents), ("KernelLog", log)):
            self.enter_context(mock.patch.object(life, name, return_value=value))
        self.enter_context(mock.patch.object(sched_ext, "read_state", return_value=_NOTHING))
        self.addCleanup(os.close, uevents.descriptor)
        self.addCleanup(os.close, self._writer)

    def life(self, script: str, *words: str) -> Scheduler:
        plan = SchedulerPlan("own", ("/bin/sh", "-c", script, "sh", *words), "own", control=True)
        return Scheduler(plan, GuestDeadlines(), Reactor())

    def _states(self, *states: SchedExtState) -> None:
        """What sched_ext says, once each, before the start and then; the last of it for good."""
        said = itertools.chain((_NOTHING, *states), itertools.repeat(states[-1]))
        self.enter_context(mock.patch.object(sched_ext, "read_state", side_effect=said))

    def test_an_attachment_that_is_counted_late_is_waited_for(self) -> None:
        told = SchedExtState("enabled", "own", "0", "0")
        self._states(told, told, told, SchedExtState("enabled", "own", "1", "0"))
        life = self.life("read line; exit 0")
        self.assertTrue(life.start())
        with mock.patch.object(life, "_await_detachment"):
            self.assertEqual(life.finish()[0].enable_seq_attached, "1")

    def test_an_attachment_that_is_never_counted_is_no_fault_of_the_scheduler(self) -> None:
        self.enter_context(mock.patch.object(life, "_COUNT_S", 0.05))
        self._states(SchedExtState("enabled", "own", "0", "0"))
        own = self.life("read line; exit 0")
        with self.assertRaisesRegex(InfraError, "own is enabled, and its enable_seq stays at 0"):
            own.start()
        with mock.patch.object(own, "_await_detachment"):
            own.finish()

    def test_a_helper_that_stays_holds_no_descriptor(self) -> None:
        fifo = os.path.join(self.create_tempdir().full_path, "fifo")
        os.mkfifo(fifo)
        holder = os.open(fifo, os.O_RDWR)
        self.addCleanup(os.close, holder)
        before = sorted(os.listdir("/proc/self/fd"))
        life = self.life(_HELPER, fifo)
        self.assertFalse(life.start())
        facts: SchedulerFacts = life.finish()[0]
        self.assertEqual(facts.exit_status, "exit status 0")
        self.assertEqual(sorted(os.listdir("/proc/self/fd")), before)
        os.write(holder, b"\n")  # the helper ends

    def _foreign(self, script: str, *words: str) -> Scheduler:
        plan = SchedulerPlan("own", ("/bin/sh", "-c", script, "sh", *words), "own", control=False)
        return Scheduler(plan, GuestDeadlines(), Reactor())

    def test_one_that_forks_away_is_found_and_ended(self) -> None:
        pid = os.path.join(self.create_tempdir().full_path, "pid")
        # in a session of its own, and without the outputs, as daemon(3) does
        script = 'setsid sh -c "echo \\$\\$ >$1.new; mv $1.new $1; exec sleep 600" '
        script += "</dev/null >/dev/null 2>&1 & "
        # until it is what it becomes, so that its name is known
        script += "until read pid <$1 && read it </proc/$pid/comm && [ $it = sleep ]; do :; done"
        life = self._foreign(script, pid)
        self.assertFalse(life.start())
        facts = life.finish()[0]
        self.assertEqual(facts.phase, SchedulerPhase.LOAD)
        (left,) = facts.left_running
        self.assertRegex(left, r"^sleep \(sleep 600\)$")
        with open(pid, encoding="ascii") as file:
            self.assertNotIn(int(file.read()), [each.pid for each in running()])

    def _forking_all_the_time(self, life: Scheduler, until: float) -> None:
        """Whenever it is looked for what the scheduler left, there is one more."""
        environment = {VARIABLE: life._mark}

        def marked(mark: str) -> list[int]:
            self.assertLess(time.monotonic(), until, "it goes on without an end")
            child = subprocess.Popen(["/bin/sleep", "600"], env=environment)
            self.addCleanup(child.wait)
            self.addCleanup(child.kill)
            return [child.pid]

        self.enter_context(mock.patch.object(forked, "_marked", side_effect=marked))

    def test_one_that_forks_all_the_time_is_given_up(self) -> None:
        self.enter_context(mock.patch.object(forked, "_GONE_S", 0.2))
        life = self._foreign("exit 0")
        self._forking_all_the_time(life, time.monotonic() + 20)
        before = sorted(os.listdir("/proc/self/fd"))
        self.assertFalse(life.start())
        facts = life.finish()[0]
        self.assertRegex(
            facts.exit_status,
            r"^exit status 0; processes that it has started still fork after 0.2 s in which \d+ "
            r"were killed \(deadline 'forked processes'\)",
        )
        self.assertFalse(facts.detached)
        self.assertBetween(len(facts.left_running), 1, 2 * forked._NAMED)
        self.assertLessEqual(len(os.listdir("/proc/self/fd")), len(before))

    def test_one_that_is_told_to_go_may_leave_helpers(self) -> None:
        self._states(SchedExtState("enabled", "own", "1", "0"))
        life = self._foreign("trap 'exit 0' TERM; setsid sleep 600 & while :; do read x; done")
        self.assertTrue(life.start())
        with mock.patch.object(life, "_await_detachment"):
            self.assertEqual(life.finish()[0].left_running, ())

    def test_another_schedulers_processes_are_not_its(self) -> None:
        other = self._foreign("read line")
        other._program.start()
        life = self._foreign("exit 0")
        self.assertFalse(life.start())
        self.assertEqual(life.finish()[0].left_running, ())
        self.assertIsNone(other._program.status)
        other._program.hang_up()
        other._program.await_end(5)
        other.finish()

    def test_one_that_ends_instead_of_answering_is_told_as_that(self) -> None:
        life = self.life("read line; exit 3")
        life._program.start()
        with self.assertRaisesRegex(InfraError, "ended before it answered `get x`: exit status 3"):
            life.global_value("x")
        life.finish()

    def test_what_was_counted_and_thrown_out_meanwhile_is_told(self) -> None:
        counted = [
            SchedExtCounters("1", {"SCX_EV_A": 5, "SCX_EV_B": 0}, "1"),
            SchedExtCounters("2", {"SCX_EV_A": 7, "SCX_EV_B": 1}, "0"),
        ]
        self.enter_context(mock.patch.object(sched_ext, "read_counters", side_effect=counted))
        self._states(SchedExtState("enabled", "own", "3", "0"))
        life = self.life("read line; exit 0")
        self.log.lines.return_value = [
            'sched_ext: BPF scheduler "own" disabled (unregistered from the main kernel)',
            "sched_ext: own: cpu 1 going offline, exiting scheduler",
        ]
        self.assertTrue(life.start())
        with mock.patch.object(life, "_await_detachment"):
            facts = life.finish()[0]
        self.assertEqual((facts.enable_seq_attached, facts.enable_seq), ("3", "3"))
        self.assertEqual((facts.hotplug_seq_attached, facts.hotplug_seq_end), ("1", "2"))
        self.assertEqual(facts.events, {"SCX_EV_A": 2, "SCX_EV_B": 1})
        self.assertEqual(facts.switch_all, "1")
        (thrown,) = facts.ejections
        self.assertEndsWith(thrown, "main kernel: cpu 1 going offline, exiting scheduler")

    def test_counters_that_began_anew_are_not_negative(self) -> None:
        since = life._since({"SCX_EV_A": 5, "SCX_EV_B": 1}, {"SCX_EV_A": 2, "SCX_EV_B": 4})
        self.assertEqual(since, {"SCX_EV_A": 2, "SCX_EV_B": 4})

    def test_a_name_of_two_lines_is_not_sent(self) -> None:
        life = self.life("read line; exit 3")
        life._program.start()
        with self.assertRaisesRegex(UsageError, "is more than one line"):
            life.set_knob("a\nb", 1)
        life.finish()


if __name__ == "__main__":
    absltest.main()
