# SPDX-License-Identifier: Apache-2.0
"""A child does not outlive us, whatever kills us, and growing files are followed."""

import os
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from absl.testing import absltest

from ktstr.model.errors import InfraError
from ktstr.vm.follower import Follower, GrowthNotifier
from ktstr.vm.process import Process
from ktstr.vm.signals import Termination

_SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
# Starts a sleeper the way the runner starts QEMU, tells its pid, and waits to be killed.
_PARENT = """
import sys, time
from ktstr.vm.process import Process
sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
child = Process.start(sleeper, output=sys.stderr.buffer)
print(child.pid, flush=True)
time.sleep(600)
"""


class ProcessTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.output = os.fdopen(os.memfd_create("output"), "wb")
        self.addCleanup(self.output.close)

    def test_end_can_be_waited_for(self) -> None:
        process = Process.start(["/bin/sh", "-c", "exit 7"], output=self.output)
        self.addCleanup(process.close)
        self.assertEqual(process.wait(20), 7)
        self.assertTrue(select.select([process], [], [], 0)[0])

    def test_waiting_ends_at_the_deadline(self) -> None:
        process = Process.start(_SLEEPER, output=self.output)
        self.addCleanup(process.close)
        self.assertIsNone(process.wait(0.01))
        self.assertEqual(process.kill(), -signal.SIGKILL)

    def test_closing_kills(self) -> None:
        process = Process.start(_SLEEPER, output=self.output)
        process.close()
        self.assertFalse(Path(f"/proc/{process.pid}").exists())

    def test_missing_program(self) -> None:
        with self.assertRaisesRegex(InfraError, "cannot start /no/such: .*No such file"):
            Process.start(["/no/such"], output=self.output)

    def test_child_dies_with_a_killed_parent(self) -> None:
        parent = subprocess.Popen(
            [sys.executable, "-c", _PARENT],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        self.addCleanup(os.close, child)
        self.addCleanup(parent.stdout.close)
        self.assertFalse(select.select([child], [], [], 0)[0])
        parent.kill()
        parent.wait()
        self.assertTrue(select.select([child], [], [], 20)[0], "the child outlived its parent")


class FollowerTest(absltest.TestCase):
    def test_growth_wakes_and_is_read(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "log")
            follower = Follower(path)
            notifier = GrowthNotifier([path])
            self.addCleanup(follower.close)
            self.addCleanup(notifier.close)
            self.assertEqual(follower.read(), b"")
            with path.open("ab", buffering=0) as log:
                for text in (b"one", b"two"):
                    log.write(text)
                    self.assertTrue(select.select([notifier], [], [], 20)[0])
                    notifier.clear()
                    self.assertEqual(follower.read(), text)
            self.assertEqual(follower.size, 6)

    def test_missing_file_cannot_be_watched(self) -> None:
        with self.assertRaisesRegex(InfraError, "inotify_add_watch /no/such: No such file"):
            GrowthNotifier([Path("/no/such")])


class TerminationTest(absltest.TestCase):
    def test_signal_is_recorded_instead_of_killing(self) -> None:
        before = signal.getsignal(signal.SIGTERM)
        with Termination() as termination:
            self.assertEmpty(termination.received())
            os.kill(os.getpid(), signal.SIGTERM)
            self.assertTrue(select.select([termination], [], [], 20)[0])
            self.assertEqual(termination.received(), ["SIGTERM"])
        self.assertEqual(signal.getsignal(signal.SIGTERM), before)


if __name__ == "__main__":
    absltest.main()
