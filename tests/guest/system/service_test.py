# SPDX-License-Identifier: Apache-2.0
"""A service is asked line by line, and ending it is harmless, however often it is done."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from unittest import mock

from absl.testing import absltest

from ktstr.guest.system import service
from ktstr.guest.system.program import Program
from ktstr.guest.system.reactor import Reactor
from ktstr.guest.system.service import Service, UnavailableError

_ANSWERS = """#!/bin/sh
echo ok
while read -r line; do echo "{}"; echo ok; done
"""
# what it says to a request comes once the next one has been sent
_LATE = """#!/bin/sh
echo ok
read -r first; read -r second
echo "{\\"to\\": \\"$first\\"}"; echo ok
# the two do not come in one piece
sleep 0.2
echo "{\\"to\\": \\"$second\\"}"; echo "{}"; echo ok
read -r third
echo "error not $third"
"""
_STUCK = "#!/bin/sh\nexec sleep 86400\n"


class ServiceTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.before = sorted(os.listdir("/proc/self/fd"))
        # real-time needs root
        self.enter_context(mock.patch.object(service, "children_shielded", mock.MagicMock()))

    def made(self, script: str) -> Service:
        path = Path(self.create_tempdir().full_path, "program")
        path.write_text(script)
        path.chmod(0o755)
        return Service(Reactor(), str(path))

    def test_it_answers_and_ends_with_its_input(self) -> None:
        asked = self.made(_ANSWERS)
        asked.start("readiness")
        self.assertEqual(asked.ask("look"), [b"{}"])
        asked.end()
        asked.end()
        self.assertEqual(sorted(os.listdir("/proc/self/fd")), self.before)

    def test_one_that_never_began_can_be_ended(self) -> None:
        self.made(_ANSWERS).end()

    def test_an_answer_that_comes_too_late_is_not_the_next_ones(self) -> None:
        asked = self.made(_LATE)
        asked.start("readiness")
        with self.assertRaisesRegex(UnavailableError, "no answer to 'one': 0.1 s were not enough"):
            asked.ask("one", 0.1)
        self.assertEqual(asked.ask("two"), [b'{"to": "two"}', b"{}"])
        with self.assertRaisesRegex(UnavailableError, "^not three$"):
            asked.ask("three")
        asked.end()

    def test_one_that_does_not_die_can_be_ended_again(self) -> None:
        self.enter_context(mock.patch.object(service, "_ANSWER_S", 0.2))
        self.enter_context(mock.patch.object(service, "_KILL_S", 0.2))
        sent: list[signal.Signals] = []
        stuck = self.made(_STUCK)
        self.addCleanup(lambda: os.killpg(stuck._program.pid, signal.SIGKILL))
        # as one that waits in the kernel, which no signal reaches
        with mock.patch.object(Program, "send", lambda _self, number: sent.append(number)):
            with self.assertRaisesRegex(UnavailableError, "no readiness: 0.2 s were not enough"):
                stuck.start("readiness", 0.2)
            stuck.end()
        stuck.end()
        self.assertIn(signal.SIGKILL, sent)
        self.assertEqual(sorted(os.listdir("/proc/self/fd")), self.before)


if __name__ == "__main__":
    absltest.main()
