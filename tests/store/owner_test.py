# SPDX-License-Identifier: Apache-2.0
"""Names in staging say who made them; only what certainly has no owner is called debris."""

import os
import signal
import subprocess
import sys
from unittest import mock

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.store import owner as owners
from ktstr.store.owner import UNKNOWN, Owner, Purpose, Staged, is_gone, parse_staged

# above PID_MAX_LIMIT (2^22) of include/linux/threads.h: no process can have it
_NO_PID = 2**31 - 1
_HERE = Owner(pid=100, start=500, namespace=4026531836)
_OWNERS = st.builds(
    Owner,
    st.integers(1, 2**31 - 1),
    st.integers(0, 2**63 - 1),
    st.sampled_from([UNKNOWN, _HERE.namespace, 4026532999]),
)
_STAGED = st.builds(
    Staged,
    st.sampled_from(Purpose),
    _OWNERS,
    st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
)


def _never(pid: int) -> int | None:
    raise AssertionError(f"process {pid} must not be probed")


class NameTest(parameterized.TestCase):
    @given(_STAGED)
    def test_round_trip(self, staged: Staged) -> None:
        self.assertEqual(parse_staged(str(staged)), staged)

    @given(st.text() | st.from_regex(r"(publish|remove)\.-?[0-9]*\.[0-9.a-f]*"))
    def test_whatever_parses_is_the_text_of_a_name(self, text: str) -> None:
        staged = parse_staged(text)
        if staged is not None:
            self.assertEqual(str(staged), text)
            self.assertGreaterEqual(staged.owner.pid, 1)

    @parameterized.parameters("0", "-1", "-5", "01", "", "1x", "12345678901")
    def test_no_process_has_such_a_pid(self, pid: str) -> None:
        self.assertIsNone(parse_staged(f"publish.{pid}.5.6.0123456789abcdef"))
        self.assertIsNotNone(parse_staged("publish.1.5.6.0123456789abcdef"))

    def test_names_of_one_process_differ_and_tell_it(self) -> None:
        names = {str(owners.new_staged(Purpose.REMOVE)) for _ in range(100)}
        self.assertLen(names, 100)
        found = parse_staged(names.pop())
        assert found is not None
        self.assertEqual(found.owner, owners.this_process())
        self.assertEqual(found.owner.pid, os.getpid())
        self.assertNotIn(UNKNOWN, (found.owner.start, found.owner.namespace))


class GoneTest(parameterized.TestCase):
    @given(_OWNERS)
    def test_a_lock_is_proof_of_life(self, owner: Owner) -> None:
        self.assertFalse(is_gone(owner, locked=True, here=_HERE, probe=_never))

    @given(st.integers(max_value=0))
    def test_pids_below_one_are_never_probed(self, pid: int) -> None:
        owner = Owner(pid, 5, _HERE.namespace)
        self.assertFalse(is_gone(owner, locked=False, here=_HERE, probe=_never))

    @given(_OWNERS, st.none() | st.integers(0, 10))
    def test_without_a_lock_the_pid_decides_in_our_namespace_only(
        self, owner: Owner, start: int | None
    ) -> None:
        asked: list[int] = []

        def probe(pid: int) -> int | None:
            asked.append(pid)
            return start

        gone = is_gone(owner, locked=False, here=_HERE, probe=probe)
        if owner.namespace != _HERE.namespace:
            self.assertTrue(gone)
            self.assertEmpty(asked)
            return
        self.assertEqual(asked, [owner.pid])
        reused = start is not None and UNKNOWN not in (start, owner.start) and start != owner.start
        self.assertEqual(gone, start is None or reused)


class ProbeTest(absltest.TestCase):
    def test_live_processes(self) -> None:
        self.assertEqual(owners.started(os.getpid()), owners.this_process().start)
        self.assertIsNotNone(owners.started(1))

    def test_a_pid_that_cannot_exist(self) -> None:
        self.assertIsNone(owners.started(_NO_PID))
        self.assertIsNone(owners.started(2**40))

    def test_only_no_such_process_means_gone(self) -> None:
        for error in (PermissionError(), OSError(22, "Invalid argument"), OSError(5, "I/O error")):
            with mock.patch.object(os, "kill", side_effect=error):
                self.assertEqual(owners.started(_NO_PID), UNKNOWN)

    def test_a_dead_process_is_gone_once_it_is_reaped(self) -> None:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        start = owners.started(child.pid)
        self.assertNotIn(start, (None, UNKNOWN))
        child.send_signal(signal.SIGKILL)
        child.wait()
        self.assertIsNone(owners.started(child.pid))


if __name__ == "__main__":
    absltest.main()
