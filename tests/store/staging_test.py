# SPDX-License-Identifier: Apache-2.0
"""Debris of the dead is swept; nothing else is, whatever namespace its owner lives in."""

import fcntl
import os
import select
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from unittest import mock

import psutil
from absl.testing import absltest

from ktstr.model.errors import InfraError
from ktstr.store.key import Key
from ktstr.store.lock import Mode, lock, try_lock
from ktstr.store.owner import Purpose, Staged, new_staged, this_process
from ktstr.store.store import Store
from tests.store.children import Child, Signal

KEY = Key("btrfs", 1, "deadbeef")
# above PID_MAX_LIMIT (2^22): no process can have it
_NO_PID = 2**31 - 1
_IN_NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
# Publishes in a pid namespace of its own, tells when it is in the middle of it, and stays there.
_PUBLISHER = """
import os, sys, time
from pathlib import Path
from ktstr.store.key import Key
from ktstr.store.store import Store
def fill(staged):
    (staged / "image").write_bytes(b"half")
    print(staged.name, flush=True)
    sys.stdin.read()
Store(Path(sys.argv[1])).publish(Key("raw", 1, "noversion"), fill)
"""


def _can_make_namespaces() -> bool:
    try:
        return subprocess.run([*_IN_NAMESPACE, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


class SweepTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path, "store")
        Store(self.root)
        self.staging = self.root / "staging"

    def staged(self, **changes: int) -> Staged:
        """A name of this process, but for `changes` of its owner."""
        mine = new_staged(Purpose.PUBLISH)
        return replace(mine, owner=replace(mine.owner, **changes))

    def put(self, name: object, *, directory: bool = False) -> Path:
        path = self.staging / str(name)
        if directory:
            path.mkdir()
            (path / "image").write_bytes(b"half")
            (path / "sub").mkdir()
        else:
            path.write_bytes(b"half")
        return path

    def sweep(self) -> tuple[str, ...]:
        return Store(self.root).swept.removed

    def test_files_and_directories_of_the_dead_go(self) -> None:
        for directory in (False, True):
            path = self.put(self.staged(pid=_NO_PID), directory=directory)
            self.assertEqual(self.sweep(), (path.name,))
            self.assertFalse(path.exists())

    def test_what_the_living_make_stays(self) -> None:
        path = self.put(self.staged())
        store = Store(self.root)
        self.assertEmpty(store.swept.removed)
        self.assertEqual(
            store.swept.kept, ((path.name, f"its maker, process {os.getpid()}, is alive"),)
        )
        self.assertTrue(path.exists())

    def test_a_pid_that_is_used_again_is_gone(self) -> None:
        path = self.put(self.staged(start=this_process().start + 1))
        self.assertEqual(self.sweep(), (path.name,))

    def test_a_lock_outweighs_a_pid_that_is_gone(self) -> None:
        path = self.put(self.staged(pid=_NO_PID), directory=True)
        fd = os.open(path, os.O_RDONLY)
        self.addCleanup(os.close, fd)
        fcntl.flock(fd, fcntl.LOCK_SH)
        store = Store(self.root)
        self.assertEqual(
            store.swept.kept, ((path.name, f"locked by its maker, process {_NO_PID}"),)
        )
        fcntl.flock(fd, fcntl.LOCK_UN)
        self.assertEqual(self.sweep(), (path.name,))

    def test_pids_of_another_namespace_say_nothing_and_the_lock_everything(self) -> None:
        elsewhere = this_process().namespace + 1
        path = self.put(self.staged(namespace=elsewhere))
        self.assertEqual(self.sweep(), (path.name,))

    def test_foreign_names_locks_and_entries_are_not_touched(self) -> None:
        store = Store(self.root)
        store.publish(KEY, lambda staged: (staged / "image").touch()).close()
        names = ["image", "publish.0.1.1.0123456789abcdef", "publish.-1.1.1.0123456789abcdef", ".x"]
        for name in names:
            self.put(name)
        stray = self.root / "entries" / str(self.staged(pid=_NO_PID))
        stray.touch()
        locks = sorted(os.listdir(self.root / "locks"))
        store = Store(self.root)
        self.assertEmpty(store.swept.removed)
        self.assertEqual(
            store.swept.kept, tuple((name, "not a name of this store") for name in sorted(names))
        )
        self.assertTrue(stray.exists())
        self.assertEqual(sorted(os.listdir(self.root / "locks")), locks)
        entry = store.lookup(KEY)
        assert entry is not None
        entry.close()

    def test_links_are_not_followed(self) -> None:
        victim = self.root / "victim"
        victim.mkdir()
        (victim / "file").touch()
        name = str(self.staged(pid=_NO_PID))
        (self.staging / name).symlink_to(victim)
        self.assertEmpty(self.sweep())
        self.assertTrue((victim / "file").exists())

    def test_a_killed_publisher_is_swept_after_and_its_lock_gone(self) -> None:
        ready = Signal()
        self.addCleanup(ready.close)

        def fill(staged: Path) -> None:
            (staged / "image").write_bytes(b"half")
            ready.send()
            signal.pause()

        child = Child(lambda: Store(self.root).publish(KEY, fill).close())
        self.addCleanup(child.kill)
        ready.wait()
        (name,) = os.listdir(self.staging)
        self.assertEmpty(self.sweep())
        child.kill()
        self.assertEqual(self.sweep(), (name,))

    @absltest.skipUnless(_can_make_namespaces(), "this user cannot make pid namespaces")
    def test_a_publisher_in_another_pid_namespace_lives_until_it_is_killed(self) -> None:
        child = subprocess.Popen(
            [*_IN_NAMESPACE, sys.executable, "-c", _PUBLISHER, str(self.root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert child.stdout is not None and child.stdin is not None
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.stdin.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        name = child.stdout.readline().decode().strip()
        self.assertNotIn(f".{this_process().namespace}.", name)
        self.assertEmpty(self.sweep())
        self.assertTrue((self.staging / name / "image").exists())
        (publisher,) = psutil.Process(child.pid).children()
        publisher_end = os.pidfd_open(publisher.pid)
        self.addCleanup(os.close, publisher_end)
        child.kill()
        self.assertTrue(select.select([publisher_end], [], [], 60)[0], "it outlived unshare")
        self.assertEqual(self.sweep(), (name,))


class LockTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path, "store")
        self.store = Store(self.root)
        self.sweep_lock = self.root / "sweep.lock"

    def test_a_sweep_leaves_publishers_that_are_just_starting_alone(self) -> None:
        debris = self.root / "staging" / str(new_staged(Purpose.PUBLISH))
        debris.touch()
        with lock(self.sweep_lock, Mode.SHARED, "a test"):
            swept = Store(self.root).swept
        self.assertEmpty(swept.removed)
        self.assertEqual(swept.kept, (("", "somebody is writing to staging or sweeping it"),))

    def test_users_share_and_exclude_removers(self) -> None:
        path = self.root / "locks" / "x"
        with lock(path, Mode.SHARED, "a test"):
            second = try_lock(path, Mode.SHARED)
            assert second is not None
            second.close()
            self.assertIsNone(try_lock(path, Mode.EXCLUSIVE))
        exclusive = try_lock(path, Mode.EXCLUSIVE)
        assert exclusive is not None
        with exclusive:
            self.assertIsNone(try_lock(path, Mode.SHARED))

    def test_waiting_ends_when_the_holder_does(self) -> None:
        path = self.root / "locks" / "x"
        held, waiting = Signal(), Signal()
        self.addCleanup(held.close)
        self.addCleanup(waiting.close)

        def hold() -> None:
            with lock(path, Mode.EXCLUSIVE, "a test"):
                held.send()
                signal.pause()

        holder = Child(hold)
        self.addCleanup(holder.kill)
        held.wait()

        def wait() -> None:
            assert try_lock(path, Mode.SHARED) is None
            waiting.send()
            lock(path, Mode.SHARED, "a test").close()

        waiter = Child(wait)
        self.addCleanup(waiter.kill)
        waiting.wait()
        holder.kill()
        self.assertEqual(waiter.wait(), 0)

    def test_a_killed_waiter_takes_its_helper_along(self) -> None:
        path = self.root / "locks" / "x"
        waiting = Signal()
        self.addCleanup(waiting.close)
        poll = select.poll

        def told() -> select.poll:
            waiting.send()
            return poll()

        def wait() -> None:
            with mock.patch.object(select, "poll", told):  # the last step before it waits
                lock(path, Mode.SHARED, "a test").close()

        with lock(path, Mode.EXCLUSIVE, "a test"):
            waiter = Child(wait)
            self.addCleanup(waiter.kill)
            waiting.wait()
            (helper,) = psutil.Process(waiter.pid).children()
            helper_end = os.pidfd_open(helper.pid)
            self.addCleanup(os.close, helper_end)
            waiter.kill()
            self.assertTrue(select.select([helper_end], [], [], 60)[0], "the helper is left")

    def test_waiting_ends_at_the_deadline_and_names_the_holder(self) -> None:
        path = self.root / "locks" / "x"
        with (
            lock(path, Mode.SHARED, "a test"),
            self.assertRaisesRegex(
                InfraError, rf"waited 0.2 s for a turn: .*locks/x .* by process {os.getpid()}"
            ),
        ):
            lock(path, Mode.EXCLUSIVE, "a turn", 0.2)
        freed = try_lock(path, Mode.EXCLUSIVE)
        assert freed is not None
        freed.close()

    def test_an_entry_in_use_cannot_be_had_exclusively(self) -> None:
        entry = self.store.publish(KEY, lambda staged: (staged / "image").touch())
        with entry, self.store.exclusively(KEY, wait=False) as own:
            self.assertFalse(own)
        with self.store.exclusively(KEY, wait=False) as own:
            self.assertTrue(own)


if __name__ == "__main__":
    absltest.main()
