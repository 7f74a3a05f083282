# SPDX-License-Identifier: Apache-2.0
"""Preparing the private Bazel survives being interrupted, and says what is missing on a machine."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from absl.testing import absltest

from tests.bazel.stubs import Machine

_DEADLINE_SECONDS = 30

_MIRROR = "http://mirror.invalid/debian"


class PreparationTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.machine = Machine()
        self.machine.program("dpkg-deb", "exit 1")
        self.machine.program("apt-config", "exit 0")
        self.apt("exit 100")

    def apt(self, update: str, site: str = _MIRROR) -> None:
        """An apt-get that names a mirror and runs shell code for `update`."""
        self.machine.program(
            "apt-get", f'case "$*" in indextargets*) echo {site} ;; *update*) {update} ;; esac'
        )

    def block(self) -> Path:
        """Has `apt-get update` write its pid into the returned file and hang."""
        pid = self.machine.root / "pid"
        self.apt(f"echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 600")
        (self.machine.programs / "mv").symlink_to("/bin/mv")
        return pid

    def test_sigkill_leaves_no_process_and_the_next_run_cleans_up(self) -> None:
        pid = self.block()
        process = self.machine.start("info")
        self.wait_for("apt-get update", pid.exists)
        child = int(pid.read_text(encoding="utf-8"))
        process.kill()
        process.communicate(timeout=_DEADLINE_SECONDS)
        self.wait_for("the child's end", lambda: not _alive(child))
        self.assertLen(list(self.machine.cache.glob("staging-*")), 1)
        self.apt("echo no network >&2; exit 100")
        done = self.machine.run("info")
        self.assertIn("removing what an interrupted preparation left", done.stderr)
        self.assertIn("no network", done.stderr)
        self.assertEqual(done.returncode, 36)
        self.assertEmpty(list(self.machine.cache.glob("staging-*")))

    def test_sigterm_cleans_up_at_once(self) -> None:
        pid = self.block()
        process = self.machine.start("info")
        self.wait_for("apt-get update", pid.exists)
        child = int(pid.read_text(encoding="utf-8"))
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=_DEADLINE_SECONDS)
        self.assertIn("tools/bazel: interrupted", error)
        self.assertEqual(process.returncode, 130)
        self.assertFalse(_alive(child))
        self.assertEmpty(list(self.machine.cache.glob("staging-*")))
        self.assertEmpty(list(self.machine.cache.glob("bazel-*")))

    def test_only_one_prepares_at_a_time(self) -> None:
        pid = self.block()
        first = self.machine.start("info")
        self.wait_for("apt-get update", pid.exists)
        second = self.machine.start("info")
        line = _line_with(second, "waiting for")
        self.assertIn("private-bazel.lock", line)
        self.assertLen(list(self.machine.cache.glob("staging-*")), 1)
        self.apt("exit 100")
        for process in (first, second):
            if process is first:
                process.kill()
            process.communicate(timeout=_DEADLINE_SECONDS)
        self.assertEqual(second.returncode, 36)
        self.assertEmpty(list(self.machine.cache.glob("staging-*")))

    def test_a_machine_without_apt_is_told_what_to_install(self) -> None:
        os.unlink(self.machine.programs / "apt-get")
        done = self.machine.run("info")
        self.assertEqual(done.returncode, 36)
        self.assertIn("apt-get is not on this machine; install bazelisk", done.stderr)

    def test_a_machine_without_a_debian_mirror_is_told_so(self) -> None:
        self.apt("exit 100", site="http://mirror.invalid/other")
        done = self.machine.run("info")
        self.assertEqual(done.returncode, 36)
        self.assertIn("none of the machine's apt sources is a Debian mirror", done.stderr)
        self.assertIn("http://mirror.invalid/other", done.stderr)

    def wait_for(self, what: str, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while not happened():
            self.assertLess(time.monotonic(), deadline, f"no {what} in {_DEADLINE_SECONDS} s")
            time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _line_with(process: subprocess.Popen[str], text: str) -> str:
    """Reads a process's standard error up to a line that contains a text."""
    if process.stderr is None:
        raise ValueError("standard error is not a pipe")
    for line in process.stderr:
        if text in line:
            return line
    raise AssertionError(f"the process ended without saying {text!r}")


if __name__ == "__main__":
    absltest.main()
