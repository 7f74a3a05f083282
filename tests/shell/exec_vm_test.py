# SPDX-License-Identifier: Apache-2.0
"""`NAME.shell -- --exec` in a real guest.  argv[1] is the .shell."""

from __future__ import annotations

import os
import subprocess
import sys

from absl.testing import absltest

_SHELL = sys.argv.pop(1)
# A guest's boot on a busy machine; what is waited for ends the wait.
_WAIT_S = 240.0


def _environment() -> dict[str, str]:
    """This test's, without what Bazel tells a test: the .shell is none."""
    ours = ("TEST_", "XML_", "TESTBRIDGE_", "BUILD_")
    keep = {"TEST_SRCDIR", "TEST_TMPDIR"}
    found = {k: v for k, v in os.environ.items() if k in keep or not k.startswith(ours)}
    return {**found, "TEAM_PROFILE": "nightly"}


class ExecTest(absltest.TestCase):
    def _exec(self, command: str, *more: str) -> subprocess.CompletedProcess[bytes]:
        words = [_SHELL, "--exec", command, *more]
        return subprocess.run(
            words, env=_environment(), capture_output=True, timeout=_WAIT_S, check=False
        )

    def test_a_script_gets_output_and_status_of_its_command(self) -> None:
        done = self._exec(
            "cat /sys/kernel/sched_ext/root/ops; nproc; echo $TEAM_PROFILE; echo no >&2; exit 42"
        )
        self.assertEqual(done.stdout.decode(), "fifo\n2\nnightly\n", done.stderr)
        self.assertEqual((done.stderr, done.returncode), (b"no\n", 42))

    def test_arguments_that_it_does_not_know(self) -> None:
        done = self._exec("true", "false")
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"unknown argument 'false'; a .shell takes nothing, or --exec", done.stderr)


if __name__ == "__main__":
    absltest.main()
