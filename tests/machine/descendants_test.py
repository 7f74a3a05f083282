# SPDX-License-Identifier: Apache-2.0
"""Processes that try to get away are found and ended."""

import subprocess
import sys
import textwrap

import psutil
from absl.testing import absltest

from ktstr.host.descendants import kill_group

# Prints its pids: its own, a child's in the group, and a child's in a session of its own.
_FAMILY = textwrap.dedent(
    """
    import os, time
    pids = [os.getpid()]
    for leaves in (False, True):
        pid = os.fork()
        if pid == 0:
            if leaves:
                os.setsid()
            time.sleep(600)
        pids.append(pid)
    time.sleep(0.2)
    print(*pids, flush=True)
    time.sleep(600)
    """
)

# Runs in a process of its own, which becomes a subreaper: an orphan in a session of its own.
_ORPHAN = textwrap.dedent(
    """
    import subprocess, sys
    from ktstr.host.descendants import become_subreaper, kill_descendants
    become_subreaper()
    nap = "import os, time; os.setsid(); print(os.getpid(), flush=True); time.sleep(600)"
    middle = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {nap!r}])"
    process = subprocess.Popen([sys.executable, "-c", middle], stdout=subprocess.PIPE, text=True)
    pid = process.stdout.readline().strip()
    process.wait()
    names = kill_descendants()
    print(pid, len(names), names[0].endswith(f"(pid {pid})"))
    """
)

# The same, with one more that comes up after it was looked who is there.
_FORKING = textwrap.dedent(
    """
    import subprocess, psutil
    from ktstr.host import descendants
    descendants.become_subreaper()
    subprocess.Popen(["sleep", "600"])
    kill, late = descendants._kill, [["sleep", "600"]]
    def kill_and_fork(left):
        if late:
            subprocess.Popen(late.pop())
        kill(left)
    descendants._kill = kill_and_fork
    names = descendants.kill_descendants()
    print(len(names), len(psutil.Process().children()))
    """
)


def _is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class DescendantsTest(absltest.TestCase):
    def test_kills_a_group_and_who_left_it(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-c", _FAMILY], stdout=subprocess.PIPE, start_new_session=True
        )
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        self.assertLen(pids, 3)
        kill_group(process)
        process.stdout.close()
        self.assertEmpty([pid for pid in pids if _is_running(pid)])

    def test_finds_an_orphan(self) -> None:
        told = subprocess.run(
            [sys.executable, "-c", _ORPHAN],
            env={"PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        pid, count, named = told.stdout.split()
        self.assertEqual((count, named), ("1", "True"))
        self.assertFalse(_is_running(int(pid)))

    def test_one_that_forks_before_it_is_killed_is_found_again(self) -> None:
        told = subprocess.run(
            [sys.executable, "-c", _FORKING],
            env={"PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        count, left = told.stdout.split()
        self.assertEqual((count, left), ("2", "0"))


if __name__ == "__main__":
    absltest.main()
