# SPDX-License-Identifier: Apache-2.0
"""Every fault of //sched/faulty does in a real kernel what its knob says."""

from __future__ import annotations

import re

from absl.testing import absltest

from tests.bpf import guest
from tests.bpf.scheduler_session import SHELL, Session, sessions


def _run(script: str, topology: str = "1n1l2c1t") -> tuple[str, list[Session]]:
    text = guest.run_script(SHELL + script, topology=topology)
    return text, sessions(text)


class FaultyTest(absltest.TestCase):
    def test_stall_is_ejected_by_the_watchdog(self) -> None:
        _, (flag, live) = _run(
            "spin 3\n"
            "start faulty --set ops.timeout_ms=1000 --set stall_after_ns=500000000; finish\n"
            "start faulty --set ops.timeout_ms=1000; say set stall_after_ns 1; finish\n"
        )
        for session in (flag, live):
            self.assertEqual(session.state_started, "enabled")
            self.assertEqual(session.ops, "faulty")
            self.assertEqual(session.status, 3)
            self.assertEqual(session.state_ended, "disabled")
            self.assertRegex(
                session.exit_line,
                r'^exit kind=1026 kind_name=ERROR_STALL code=0 reason="runnable task stall" '
                r'msg="\S+\[\d+\] failed to run for [1-9]\.\d+s"$',
            )
            self.assertIn("CPU states", session.dump)

    def test_total_stall_stops_the_watchdog_itself(self) -> None:
        _, (session,) = _run(
            "spin 3\n"
            "start faulty --set ops.timeout_ms=1000 --set spare_kernel_threads=false\n"
            "say set stall_after_ns 1; finish\n"
        )
        self.assertEqual(session.status, 3)
        self.assertIn("kind_name=ERROR_STALL", session.exit_line)

    def test_stall_can_be_taken_back(self) -> None:
        text, (session,) = _run(
            "start faulty; (while :; do :; done) & spinner=$!\n"
            "ran() { awk '/se.sum_exec_runtime/ {print int($3)}' /proc/$spinner/sched; }\n"
            # The shell runs on for its slice; a loader without a class above would not wake up.
            "say set stall_after_ns 1; say set stall_after_ns 0\n"
            "usleep 50000; a=$(ran); usleep 200000; b=$(ran); echo ran-on=$((b > a))\n"
            "say quit; finish\n"
        )
        self.assertIn("\nran-on=1\n", text)
        self.assertEqual([line for line in session.output if line == "ok"], ["ok", "ok"])
        self.assertEqual((session.status, session.state_ended), (0, "disabled"))

    def test_starve_hits_the_named_task_alone(self) -> None:
        _, (by_comm, by_pid) = _run(
            "spin 1\n"
            "start faulty --set ops.timeout_ms=1000 --set starve_comm=victim\n"
            "sh -c 'printf victim1 >/proc/self/comm; while :; do :; done' &\n"
            "finish; kill $!\n"
            "(while :; do :; done) & victim=$!\n"
            "start faulty --set ops.timeout_ms=1000; say set starve_pid $victim; finish\n"
        )
        self.assertRegex(by_comm.exit_line, r'msg="victim1\[\d+\] failed to run for')
        self.assertRegex(by_pid.exit_line, r'msg="sh\[\d+\] failed to run for')
        self.assertEqual([by_comm.status, by_pid.status], [3, 3])

    def test_starved_task_runs_again_when_the_knob_is_taken_back(self) -> None:
        text, (session,) = _run(
            "start faulty --set starve_comm=victim\n"
            "sh -c 'printf victim >/proc/self/comm; echo victim-ran >>/tmp/ran' &\n"
            "sleep 1\n"
            "echo before=$(cat /tmp/ran 2>/dev/null)\n"
            "say 'set starve_comm '; sleep 1; echo after=$(cat /tmp/ran); say quit; finish\n"
        )
        self.assertIn("\nbefore=\n", text)
        self.assertIn("\nafter=victim-ran\n", text)
        self.assertEqual(session.status, 0)

    def test_delay_is_felt_at_every_wakeup(self) -> None:
        text, _ = _run(
            "start faulty\n"
            "lap() { t0=$(cut -d' ' -f1 /proc/uptime); for i in 1 2 3 4 5 6 7 8; do usleep 1000; "
            "done; echo lap $1 $t0 $(cut -d' ' -f1 /proc/uptime); }\n"
            "lap healthy; say set delay_ns 20000000; lap delayed; say set delay_ns 0; lap cured\n"
            "say stat; say quit; finish\n"
        )
        laps = {}
        for name, begin, end in re.findall(r"^lap (\w+) (\S+) (\S+)$", text, re.MULTILINE):
            laps[name] = float(end) - float(begin)
        self.assertEqual(sorted(laps), ["cured", "delayed", "healthy"])
        self.assertGreater(laps["delayed"], 8 * 0.020)
        self.assertLess(laps["healthy"], 8 * 0.020)
        self.assertLess(laps["cured"], 8 * 0.020)

    def test_scatter_moves_tasks_at_every_tick(self) -> None:
        text, _ = _run(
            "spin 2\n"
            "count() { a=$(migrations); sleep 1; echo moves $1=$(($(migrations) - a)); }\n"
            "start faulty\n"
            "count healthy; say set scatter 1; count scattered; say quit; finish\n",
            topology="1n2l2c1t",
        )
        moves = re.findall(r"^moves (\w+)=(\d+)$", text, re.MULTILINE)
        counts = {name: int(number) for name, number in moves}
        self.assertGreater(counts["scattered"], 100)
        self.assertLess(counts["healthy"], counts["scattered"] // 4)

    def test_error_carries_its_text(self) -> None:
        _, (session,) = _run("start faulty --set error_after_ns=200000000; finish\n")
        self.assertEqual(session.status, 3)
        self.assertEqual(
            session.exit_line,
            'exit kind=1025 kind_name=ERROR_BPF code=0 reason="scx_bpf_error" '
            'msg="error_after_ns=200000000 reached"',
        )

    def test_verifier_rejects_the_bad_access(self) -> None:
        _, (session,) = _run("start faulty --set fail_verify=true; finish\n")
        self.assertEqual(session.state_started, "disabled")
        self.assertEqual(session.status, 2)
        self.assertEqual(session.output, ())
        self.assertIn("unbounded min value is not allowed", session.errors)


if __name__ == "__main__":
    absltest.main()
