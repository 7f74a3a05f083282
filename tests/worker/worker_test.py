# SPDX-License-Identifier: Apache-2.0
"""Real workers, run on this machine for fractions of a second: what must hold whatever its load."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace

from absl.testing import absltest, parameterized

from ktstr.model.errors import InfraError
from ktstr.model.facts import DiskFacts
from ktstr.model.work.kind import WorkType
from ktstr.model.work.policy import Policy
from ktstr.model.work.teams import FutexPingPong, IoConvoy, PipeIo
from ktstr.model.work.types import (
    Bursty,
    CpuSpin,
    IoRandRead,
    IoSync,
    IoSyncWrite,
    Mixed,
    YieldHeavy,
)
from ktstr.model.work.work import Work
from tests.worker.program import WORKER, program
from tests.worker.running import PATIENCE_S, Run, nice_here

_NEVER_BLOCK = (CpuSpin(), YieldHeavy(), Mixed())
_BLOCK = (Bursty(burst_us=2000, sleep_us=2000), PipeIo(), FutexPingPong(), IoSync())


def _disk(folder: str) -> DiskFacts:
    """Stands in for a disk: a file for its device, beside the directory that it is mounted on."""
    device = f"{folder}.device"
    with open(device, "wb") as file:
        file.write(bytes(1 << 20))
    return DiskFacts("disk0", "serial", device, 1 << 20, False, folder, 0)


class WorkerTest(parameterized.TestCase):
    @parameterized.parameters(*_NEVER_BLOCK, *_BLOCK)
    def test_report_is_consistent(self, work_type: WorkType) -> None:
        run = Run(Work(work_type), 2)
        run.work()
        for index, facts in enumerate(run.end()):
            self.assertTrue(facts.completed, facts.exit_info)
            self.assertEqual(facts.errors, ())
            self.assertEqual((facts.cgroup, facts.group, facts.index), ("cg", 3, index))
            self.assertEqual(facts.work_type, type(work_type).__name__)
            wall = facts.ended_ns - facts.started_ns
            self.assertGreater(facts.work_units, 0)
            self.assertGreater(facts.iterations, 20)
            self.assertGreater(facts.samples, 1)
            self.assertBetween(facts.max_gap_ns, 1, wall)
            self.assertBetween(facts.max_gap_at_ns, facts.started_ns, facts.ended_ns)
            self.assertBetween(facts.cpu_ns, 1, wall)
            self.assertBetween(sum(facts.ran_on.values()), 1, wall)
            self.assertLessEqual(len(facts.ran_on) - 1, facts.migrations)
            self.assertEqual(sum(facts.wake.buckets.values()), facts.wake.count)
            self.assertLessEqual(facts.wake.maximum, facts.wake.total)

    @parameterized.parameters(*_NEVER_BLOCK)
    def test_who_never_blocks_is_never_woken(self, work_type: WorkType) -> None:
        run = Run(Work(work_type), 1)
        run.work()
        self.assertEqual(run.end()[0].wake.count, 0)

    @parameterized.parameters(*_BLOCK)
    def test_who_blocks_measures_wakeups(self, work_type: WorkType) -> None:
        run = Run(Work(work_type), work_type.group_size)
        run.work()
        facts = run.end()
        self.assertGreater(sum(each.wake.count for each in facts), 0)

    def test_affinity_holds_and_shows(self) -> None:
        cpu = max(os.sched_getaffinity(0))
        run = Run(Work(CpuSpin()), 1, frozenset({cpu}))
        run.work()
        facts = run.end()[0]
        self.assertEqual(list(facts.ran_on), [cpu])
        self.assertEqual(facts.migrations, 0)
        self.assertIn(f"affinity={cpu}", facts.requested)
        self.assertEndsWith(facts.effective, f"affinity={cpu}")

    def test_policy_and_nice_show_as_the_kernel_has_them(self) -> None:
        run = Run(Work(CpuSpin(), policy=Policy.BATCH, nice=7), 1)
        run.work()
        facts = run.end()[0]
        self.assertStartsWith(facts.effective, f"policy=batch rt_priority=0 nice={nice_here(7)} ")
        self.assertLess(facts.weight, 1024)

    def test_refused_affinity_is_told(self) -> None:
        beyond = os.cpu_count() or 1
        run = Run(Work(CpuSpin()), 1, frozenset({beyond}))
        run.work()
        facts = run.end()[0]
        self.assertTrue(facts.completed)
        self.assertLen(facts.errors, 1)
        self.assertStartsWith(facts.errors[0], f"affinity {beyond} refused: ")

    @parameterized.parameters(PipeIo(), FutexPingPong())
    def test_worker_blocked_on_a_frozen_partner_stops(self, work_type: WorkType) -> None:
        run = Run(Work(work_type), 2)
        run.work()
        frozen, other = run.group.pids
        os.kill(frozen, signal.SIGSTOP)
        run.until(lambda: _sleeps(other))
        run.group.ask_to_stop()
        run.until(lambda: run.group.pids == [frozen])
        os.kill(frozen, signal.SIGCONT)
        run.until(lambda: run.group.finished)
        self.assertTrue(all(facts.completed for facts in run.group.collect(1.0)))

    def test_killed_worker_leaves_what_it_had_done(self) -> None:
        run = Run(Work(CpuSpin()), 1)
        run.work()
        os.kill(run.group.pids[0], signal.SIGKILL)
        run.until(lambda: run.group.finished)
        facts = run.end()[0]
        self.assertFalse(facts.completed)
        self.assertEqual(facts.exit_info, "killed by SIGKILL")
        self.assertGreater(facts.iterations, 20)
        self.assertGreater(facts.work_units, 0)
        self.assertGreater(facts.max_gap_ns, 0)

    def test_worker_that_cannot_stop_is_killed_and_told(self) -> None:
        run = Run(Work(CpuSpin()), 1)
        run.work()
        os.kill(run.group.pids[0], signal.SIGSTOP)
        run.group.ask_to_stop()
        facts = run.group.collect(0.25)[0]
        self.assertFalse(facts.completed)
        self.assertStartsWith(facts.exit_info, "no report within 0.25 s ")
        self.assertGreater(facts.iterations, 20)

    def test_worker_that_was_never_started(self) -> None:
        run = Run(Work(CpuSpin()), 1)
        facts = run.end()[0]
        self.assertFalse(facts.completed)
        self.assertEqual(facts.exit_info, "exit status 3")
        self.assertEqual(facts.work_units, 0)

    def test_names_are_predictable(self) -> None:
        run = Run(Work(CpuSpin()), 2)
        run.work()
        names = []
        for pid in run.group.pids:
            with open(f"/proc/{pid}/comm", encoding="ascii") as file:
                names.append(file.read().strip())
        self.assertEqual(names, ["w7.3.0", "w7.3.1"])
        run.end()

    def test_nothing_is_left_open(self) -> None:
        before = sorted(os.listdir("/proc/self/fd"))
        run = Run(Work(PipeIo()), 4)
        run.work()
        run.end()
        del run
        self.assertEqual(sorted(os.listdir("/proc/self/fd")), before)

    def test_workers_die_with_their_parent(self) -> None:
        script = textwrap.dedent(
            """
            import sys, time
            from ktstr.guest.system.reactor import Reactor
            from ktstr.guest.workers.group import WorkerGroup
            from ktstr.model.work.work import Work
            group = WorkerGroup(Reactor(), Work(), 0, "w0.0", "cg", None, program=sys.argv[1])
            group.spawn([None, None])
            group.start()
            print(*group.pids, flush=True)
            time.sleep(1000)
            """
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", script, program(WORKER)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=environment
        ) as parent:
            assert parent.stdout is not None
            pidfds = [os.pidfd_open(int(pid)) for pid in parent.stdout.readline().split()]
            self.assertLen(pidfds, 2)
            parent.kill()
        for pidfd in pidfds:
            self.assertNotEmpty(select.select([pidfd], [], [], PATIENCE_S)[0])
            os.close(pidfd)


class DiskTest(parameterized.TestCase):
    """Writers write to a file below the mount point, readers read the device."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.create_tempdir().full_path
        self.disk = _disk(self.folder)

    def run_on_disk(self, work_type: WorkType) -> Run:
        return Run(Work(work_type), work_type.group_size * 2, disks=(self.disk,))

    @parameterized.parameters(
        (IoSyncWrite(blocks=3), (3, 3)),
        (IoRandRead(block_kb=64), (1, 1)),
        (IoConvoy(blocks=3), (3, 1)),
    )
    def test_every_io_is_counted(self, work_type: WorkType, units: tuple[int, int]) -> None:
        run = self.run_on_disk(work_type)
        run.work()
        for facts in run.end():
            self.assertTrue(facts.completed, facts.exit_info)
            self.assertEqual(facts.errors, ())
            self.assertEqual(facts.io.count, facts.iterations)
            self.assertEqual(facts.work_units, facts.iterations * units[facts.index % 2])
            self.assertEqual(sum(facts.io.buckets.values()), facts.io.count)
            self.assertBetween(facts.io.total, 1, facts.ended_ns - facts.started_ns)
            self.assertEqual(facts.wake.count, 0)
            self.assertFalse(facts.cpu_hungry)

    def test_what_a_writer_writes_is_there_while_it_lives_and_not_after(self) -> None:
        run = self.run_on_disk(IoSyncWrite(block_kb=8, blocks=2))
        run.work()
        names = [".ktstr-w7.3.0", ".ktstr-w7.3.1"]
        self.assertEqual(sorted(os.listdir(self.folder)), names)
        self.assertEqual(os.stat(f"{self.folder}/{names[0]}").st_size, 16384)
        run.end()
        self.assertEmpty(os.listdir(self.folder))

    def test_a_killed_writer_leaves_no_file_either(self) -> None:
        run = self.run_on_disk(IoSyncWrite())
        run.work()
        os.kill(run.group.pids[0], signal.SIGKILL)
        self.assertEqual([facts.completed for facts in run.end()], [False, True])
        self.assertEmpty(os.listdir(self.folder))

    def test_a_disk_that_cannot_be_written_is_told(self) -> None:
        self.disk = replace(self.disk, mount_point="/proc")
        run = self.run_on_disk(IoSyncWrite())
        run.group.start()
        run.until(lambda: run.group.finished)
        for facts in run.end():
            self.assertEqual(facts.iterations, 0)
            self.assertStartsWith(facts.errors[0], "cannot make (")

    def test_a_device_that_is_not_there_is_told(self) -> None:
        self.disk = replace(self.disk, device="/no/such/device")
        run = self.run_on_disk(IoRandRead())
        run.group.start()
        run.until(lambda: run.group.finished)
        self.assertEqual(
            run.end()[0].errors[0],
            "cannot read past the page cache (No such file or directory): /no/such/device",
        )

    def test_a_disk_smaller_than_a_block_is_told(self) -> None:
        os.truncate(self.disk.device, 4096)
        run = self.run_on_disk(IoRandRead(block_kb=8))
        run.group.start()
        run.until(lambda: run.group.finished)
        self.assertIn("4096 bytes are less than a block: ", run.end()[0].errors[0])

    def test_a_disk_the_guest_does_not_have(self) -> None:
        run = Run(Work(IoRandRead("other")), 0, disks=(self.disk,))
        with self.assertRaisesRegex(InfraError, "IoRandRead: this guest has no disk 'other'"):
            run.group.spawn([None])


class CommandLineTest(parameterized.TestCase):
    @parameterized.parameters(
        ("type=Nonsense", "type=Nonsense is an unknown work type"),
        ("slots=70000", "slots=70000 is no number from 1 to 65536"),
        ("file=" + "x" * 256, "is longer than 255 bytes"),
        ("group=0", "group=0 is no number from 1 to"),
        ("nice=20", "nice=20 is no number from -20 to 19"),
        ("affinity=3-1", "affinity=3-1 is no CPU list"),
        ("affinity=", "type, parent, start_fd, report_fd and shared_fd are needed"),
        ("policy=best", "policy=best is an unknown policy"),
        ("memory=bind:x", "memory=bind:x is no memory policy"),
        ("name=0123456789abcdef", "longer than 15 bytes"),
        ("colour=red", "unknown key colour"),
        ("spin", "spin is not KEY=VALUE"),
    )
    def test_mistakes_are_told(self, word: str, message: str) -> None:
        run = subprocess.run([program(WORKER), word], capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn(message, run.stderr)


def _sleeps(pid: int) -> bool:
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()[0] == "S"


if __name__ == "__main__":
    absltest.main()
