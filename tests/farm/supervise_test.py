# SPDX-License-Identifier: Apache-2.0
"""A supervisor of parts: started in order, started again, stopped, and gone with its namespace.

Each test runs `supervised.py` as the first process of a pid namespace, as a farm runs.
"""

import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import psutil
from absl.testing import absltest
from runfiles import Runfiles

_DEADLINE_S = 60


class SupervisorTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.state = Path(self.create_tempdir().full_path)
        (self.state / "log").mkdir()
        (self.state / "done").mkdir()
        self.seen = ""

    def _run(self, *scripts: str) -> subprocess.Popen[bytes]:
        """Parts of these shell scripts; the third word of each line on stderr is the news."""
        runfiles = Runfiles.Create()
        assert runfiles is not None
        program = runfiles.Rlocation("_main/tests/farm/supervised.py")
        assert program is not None
        line = ["unshare", "--user", "--map-root-user", "--fork", "--pid", "--mount-proc"]
        line += ["--kill-child=KILL", sys.executable, "-B", program, str(self.state), *scripts]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        process = subprocess.Popen(
            line, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        self.addCleanup(self._end, process)
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait(_DEADLINE_S)
        for stream in (process.stdin, process.stderr):
            if stream is not None:
                stream.close()

    def _read_until(self, process: subprocess.Popen[bytes], pattern: str) -> re.Match[str]:
        assert process.stderr is not None
        while not (found := re.search(pattern, self.seen)):
            self.assertTrue(select.select([process.stderr], [], [], _DEADLINE_S)[0], self.seen)
            read = os.read(process.stderr.fileno(), 65536)
            self.assertNotEmpty(read, self.seen)
            self.seen += read.decode()
        return found

    def _descendants(self, process: subprocess.Popen[bytes]) -> list[psutil.Process]:
        return psutil.Process(process.pid).children(recursive=True)

    def test_a_part_that_ends_is_started_again_whatever_its_status(self) -> None:
        once = "test -e again && exec sleep 1000; touch again"
        process = self._run("exec sleep 1000", once)
        self._read_until(process, "part1: ended with status 0; started again")
        assert process.stdin is not None
        process.stdin.close()
        self.assertEqual(0, process.wait(_DEADLINE_S), self.seen)

    def test_one_that_always_ends_is_given_up_with_its_last_words(self) -> None:
        process = self._run("echo broken; exit 7")
        self._read_until(
            process, r"21 parts have ended within a minute; the end of .*part0\.log:\n  broken\n"
        )
        self.assertEqual(1, process.wait(_DEADLINE_S))

    def test_nothing_is_left_after_a_kill(self) -> None:
        """Not even what a part has started in a session of its own."""
        process = self._run("setsid sleep 1000 & exec sleep 1000")
        self._read_until(process, "all are ready")
        everybody = self._descendants(process)
        self.assertGreaterEqual(len(everybody), 2)
        process.send_signal(signal.SIGKILL)
        _, left = psutil.wait_procs(everybody, _DEADLINE_S)
        self.assertEmpty(left)

    def test_only_what_is_asked_to_end_may_do_something_about_it(self) -> None:
        script = "trap 'touch asked{0}; exit' INT; echo >trapped{0}; sleep 1000 & wait"
        for index in range(2):
            os.mkfifo(self.state / f"trapped{index}")
        process = self._run(script.format(0), script.format(1))
        self._read_until(process, "all are ready")
        for index in range(2):
            (self.state / f"trapped{index}").read_bytes()
        assert process.stdin is not None
        process.stdin.close()
        self.assertEqual(0, process.wait(_DEADLINE_S), self.seen)
        self.assertEqual(["asked1"], [path.name for path in self.state.glob("asked*")])

    def test_nothing_is_left_after_a_stop(self) -> None:
        os.mkfifo(self.state / "trapped")
        deaf = "trap '' INT; echo >trapped; sleep 1000"
        process = self._run("setsid sleep 1000 & exec sleep 1000", deaf)
        self._read_until(process, "all are ready")
        (self.state / "trapped").read_bytes()
        everybody = self._descendants(process)
        assert process.stdin is not None
        process.stdin.close()
        self._read_until(process, "part1: did not end within 10 s, and is killed")
        process.wait(_DEADLINE_S)
        _, left = psutil.wait_procs(everybody, _DEADLINE_S)
        self.assertEmpty(left)


if __name__ == "__main__":
    absltest.main()
