# SPDX-License-Identifier: Apache-2.0
"""The healthy schedulers attach to a real kernel, schedule, obey the loader and go."""

from __future__ import annotations

from absl.testing import absltest, parameterized

from tests.bpf import guest
from tests.bpf.scheduler_session import SHELL, sessions


class FifoTest(absltest.TestCase):
    def test_life_cycle(self) -> None:
        text = guest.run_script(
            SHELL + "spin 3\nstart fifo --set slice_ns=5000000 --set ops.timeout_ms=3000\n"
            "say stat; say set nr_shared 7; say set slice_ns 1; say set nope 1; say bogus\n"
            "say get slice_ns; say get nope; say get; say get ops.timeout_ms\n"
            "sleep 1\n"
            "say stat; say quit; finish\n"
        )
        (session,) = sessions(text)
        self.assertEqual((session.state_started, session.ops), ("enabled", "fifo"))
        self.assertEqual((session.status, session.state_ended), (0, "disabled"))
        self.assertEqual(session.output[0], "attached ops=fifo")
        self.assertGreater(int(session.stats["nr_shared"]), 100)
        answers = [line for line in session.output if line[:2] == "ok" or line[:5] == "error"]
        self.assertEqual(
            answers,
            [
                "ok",
                "ok",
                'error cannot set slice_ns to "1": it is constant once the scheduler is loaded',
                "error no variable nope; there are ops.MEMBER and slice_ns nr_local nr_shared",
                'error unknown command "bogus"; known: set NAME VALUE, get NAME, stat, quit',
                "ok 5000000",
                "error no variable nope; there are ops.MEMBER and slice_ns nr_local nr_shared",
                "error get takes NAME",
                "error no variable ops.timeout_ms; there are ops.MEMBER and slice_ns nr_local "
                "nr_shared",
                "ok",
            ],
        )
        self.assertEqual(
            session.exit_line,
            'exit kind=64 kind_name=UNREG code=0 reason="unregistered from user space" msg=""',
        )

    def test_signal_end_of_input_and_death_detach_it(self) -> None:
        text = guest.run_script(
            SHELL + "start fifo; kill -TERM $loader; finish\n"
            "start fifo; kill -INT $loader; finish\n"
            "start fifo; exec 3>&-; finish\n"
            "start fifo; kill -KILL $loader; finish\n"
        )
        term, interrupt, end_of_input, killed = sessions(text)
        for session in (term, interrupt, end_of_input):
            self.assertEqual((session.status, session.state_ended), (0, "disabled"))
            self.assertIn("kind_name=UNREG", session.exit_line)
        self.assertEqual((killed.status, killed.state_ended), (128 + 9, "disabled"))

    def test_second_scheduler_is_not_attached(self) -> None:
        text = guest.run_script(
            SHELL + "start fifo\n"
            "/sampler/scx-loader /scheduler/fifo/fifo.bpf.o; echo second=$?\n"
            "say quit; finish\n"
        )
        self.assertIn("the kernel did not attach fifo: Device or resource busy", text)
        self.assertIn("\nsecond=4\n", text)
        self.assertEqual(sessions(text)[0].status, 0)

    def test_refused_ops_are_not_attached(self) -> None:
        text = guest.run_script(
            SHELL + "start fifo --set ops.timeout_ms=99999999; finish\n"
            "start fifo --set ops.name=; finish\n"
        )
        for session in sessions(text):
            self.assertEqual(session.state_started, "disabled")
            self.assertIn(session.status, (2, 4))
            self.assertNotIn("attached ops=", "\n".join(session.output))


class KernelToolsTest(parameterized.TestCase):
    @parameterized.parameters("scx_simple", "scx_qmap", "scx_flatcg")
    def test_attaches_and_goes(self, name: str) -> None:
        text = guest.run_script(
            f"/scheduler/{name}/{name} >/tmp/out 2>&1 & pid=$!\n"
            "while [ -d /proc/$pid ] && [ $(cat /sys/kernel/sched_ext/state) != enabled ]; do "
            "usleep 20000; done\n"
            "echo ops=$(cat /sys/kernel/sched_ext/root/ops)\n"
            "kill -TERM $pid; wait $pid; echo status=$?; cat /tmp/out\n"
            "echo state=$(cat /sys/kernel/sched_ext/state)\n"
        )
        self.assertIn(f"ops={name.removeprefix('scx_')}\n", text)
        self.assertIn("\nstatus=0\n", text)
        self.assertIn("EXIT: unregistered from user space\n", text)
        self.assertIn("\nstate=disabled\n", text)


if __name__ == "__main__":
    absltest.main()
