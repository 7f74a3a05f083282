# SPDX-License-Identifier: Apache-2.0
"""How a child that is waited for ended, and what becomes of one that is late."""

from __future__ import annotations

import os
import signal

from absl.testing import absltest

from ktstr.guest.system.child import Child, await_child
from ktstr.guest.system.reactor import Reactor


def _child(program: str) -> int:
    return os.posix_spawn("/bin/sh", ["sh", "-c", program], os.environ)


class ChildTest(absltest.TestCase):
    def test_one_that_ends(self) -> None:
        status, in_time = await_child(Reactor(), _child("exit 3"), 30, 0)
        assert status is not None
        self.assertEqual((os.waitstatus_to_exitcode(status), in_time), (3, True))

    def test_one_that_is_late_is_killed_and_its_end_awaited(self) -> None:
        before = sorted(os.listdir("/proc/self/fd"))
        status, in_time = await_child(Reactor(), _child("exec sleep 600"), 0.05, 30)
        assert status is not None
        self.assertEqual((os.waitstatus_to_exitcode(status), in_time), (-signal.SIGKILL, False))
        self.assertEqual(sorted(os.listdir("/proc/self/fd")), before)

    def test_one_that_is_still_there_has_no_status(self) -> None:
        reactor, pid = Reactor(), _child("exec sleep 600")
        self.addCleanup(os.waitpid, pid, 0)
        # nobody reaps it
        reactor.watch = lambda descriptor, handler: None  # type: ignore[method-assign]
        self.assertEqual(await_child(reactor, pid, 0.05, 0), (None, False))

    def test_one_that_has_ended_holds_nothing_and_takes_no_signal(self) -> None:
        before = sorted(os.listdir("/proc/self/fd"))
        child = Child(Reactor())
        child.let_go()
        child.follow(_child("exit 3"))
        self.assertTrue(child.is_followed)
        self.assertTrue(child.await_end(30))
        self.assertFalse(child.is_followed)
        self.assertEqual(sorted(os.listdir("/proc/self/fd")), before)
        child.send(signal.SIGKILL)
        child.let_go()
        assert child.status is not None
        self.assertEqual(os.waitstatus_to_exitcode(child.status), 3)


if __name__ == "__main__":
    absltest.main()
