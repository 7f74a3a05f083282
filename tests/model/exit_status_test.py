# SPDX-License-Identifier: Apache-2.0
"""How ends of processes read, those by real-time signals among them."""

import os
import signal

from absl.testing import absltest, parameterized

from ktstr.model.exit_status import describe_code, describe_status, signal_name


class ExitStatusTest(parameterized.TestCase):
    @parameterized.parameters(
        (signal.SIGKILL, "SIGKILL"),
        (signal.SIGRTMIN, "SIGRTMIN"),
        (signal.SIGRTMIN + 6, "SIGRTMIN+6"),
        (signal.SIGRTMAX - 1, "SIGRTMIN+29"),
        (signal.SIGRTMAX, "SIGRTMAX"),
        (32, "signal 32"),
        (0, "signal 0"),
    )
    def test_every_signal_has_words(self, number: int, words: str) -> None:
        self.assertEqual(signal_name(number), words)

    @parameterized.parameters((0, "exit status 0"), (3, "exit status 3"), (-9, "killed by SIGKILL"))
    def test_codes(self, code: int, words: str) -> None:
        self.assertEqual(describe_code(code), words)

    def test_a_process_killed_by_a_real_time_signal(self) -> None:
        pid = os.fork()
        if pid == 0:
            os.kill(os.getpid(), 41)
            os._exit(0)
        self.assertEqual(describe_status(os.waitpid(pid, 0)[1]), "killed by SIGRTMIN+7")


if __name__ == "__main__":
    absltest.main()
