# SPDX-License-Identifier: Apache-2.0
"""A whole farm: started in one command, stopped, started again on its state, and killed."""

import os
import re
import select
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import psutil
from absl.testing import absltest
from runfiles import Runfiles

_DEADLINE_S = 120


class FarmTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        runfiles = Runfiles.Create()
        assert runfiles is not None
        program = runfiles.Rlocation("_main/tools/farm/farm")
        assert program is not None
        self.program, self.environment = program, {**os.environ, **runfiles.EnvVars()}
        # Not Bazel's directory for it, whose path is too long for sockets; and one with a blank.
        folder = tempfile.TemporaryDirectory(prefix="ktstr farm ", dir="/tmp")
        self.addCleanup(folder.cleanup)
        self.state = Path(folder.name)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def _start(self, state: Path) -> subprocess.Popen[bytes]:
        line = [self.program, "--state", str(state), "--port", str(self.port), "--workers", "1"]
        process = subprocess.Popen(line, stderr=subprocess.PIPE, env=self.environment)
        self.addCleanup(self._end, process)
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait(_DEADLINE_S)
        if process.stderr is not None:
            process.stderr.close()

    def _ready(self, process: subprocess.Popen[bytes]) -> list[psutil.Process]:
        """All processes of a farm that has said that it is ready."""
        assert process.stderr is not None
        seen = ""
        while not re.search("farm: ready: 1 workers", seen):
            self.assertTrue(select.select([process.stderr], [], [], _DEADLINE_S)[0], seen)
            read = os.read(process.stderr.fileno(), 65536)
            self.assertNotEmpty(read, seen)
            seen += read.decode()
        found = psutil.Process(process.pid).children(recursive=True)
        names = " ".join(word for each in found for word in each.cmdline())
        for part in ("postgres", "buildbox-casd", "buildgrid", "buildbox-worker"):
            self.assertIn(part, names)
        return found

    def _refused(self, state: Path) -> str:
        process = self._start(state)
        _, errors = process.communicate(timeout=_DEADLINE_S)
        self.assertEqual(1, process.returncode)
        return errors.decode()

    def _assert_gone(self, processes: list[psutil.Process]) -> None:
        _, left = psutil.wait_procs(processes, _DEADLINE_S)
        self.assertEmpty(left)

    def test_a_farm_is_started_stopped_started_again_and_killed(self) -> None:
        first = self._start(self.state)
        everybody = self._ready(first)
        self.assertIn("farm: another farm runs in", self._refused(self.state))
        self.assertIn(f"port {self.port} cannot be had: ", self._refused(self.state / "other"))
        first.send_signal(signal.SIGTERM)
        self.assertEqual(0, first.wait(_DEADLINE_S))
        self._assert_gone(everybody)

        second = self._start(self.state)
        everybody = self._ready(second)
        second.kill()
        self._assert_gone(everybody)


if __name__ == "__main__":
    absltest.main()
