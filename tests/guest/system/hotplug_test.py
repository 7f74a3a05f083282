# SPDX-License-Identifier: Apache-2.0
"""What is said of CPUs that do not go, and who is told of those that do; the rest is in guests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.guest.observers import cpu_watch
from ktstr.guest.observers.cpu_watch import CpuWatch
from ktstr.guest.system import hotplug, view
from ktstr.guest.system.hotplug import Hotplug
from ktstr.guest.system.reactor import Reactor
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.facts import Event


class HotplugTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path)
        (self.root / "online").write_text("0-2\n")
        for cpu in range(4):
            (self.root / f"cpu{cpu}").mkdir()
        self.hotplug = Hotplug(Reactor(), str(self.root))

    def test_a_cpu_without_a_switch_must_stay(self) -> None:
        with self.assertRaisesRegex(InfraError, "CPU 0 did not go offline: .* has no switch"):
            self.hotplug.take(0, 0)

    def test_the_kernel_s_refusal_has_its_errno(self) -> None:
        (self.root / "cpu1/online").mkdir()
        words = r"CPU 1 did not go offline: the kernel refused to write .*: EISDIR \(Is a directory"
        with self.assertRaisesRegex(InfraError, words):
            self.hotplug.take(1, 0)

    def test_a_kernel_that_does_not_come_to_an_end_is_not_waited_for(self) -> None:
        os.mkfifo(self.root / "cpu1/online")  # whose reader never comes
        self.enter_context(mock.patch.object(hotplug, "HOTPLUG_S", 0.05))
        with self.assertRaisesRegex(InfraError, r"within 0.05 s .*\(deadline 'cpu hotplug'\)"):
            self.hotplug.take(1, 0)

    def test_what_makes_no_sense_is_the_author_s(self) -> None:
        with self.assertRaisesRegex(UsageError, "CPU 9 does not exist"):
            self.hotplug.take(9, 0)
        with self.assertRaisesRegex(UsageError, "CPU 3 is offline already"):
            self.hotplug.take(3, 0)
        with self.assertRaisesRegex(UsageError, "CPU 1 is online"):
            self.hotplug.bring(1)

    def test_each_owner_s_come_back_for_themselves(self) -> None:
        for cpu, owner in ((1, 0), (2, None)):
            (self.root / f"cpu{cpu}/online").write_text("1")
            self.hotplug.take(cpu, owner)
        (self.root / "online").write_text("0\n")
        self.hotplug.restore(0)
        self.assertEqual((self.root / "cpu1/online").read_text(), "1")
        self.assertEqual((self.root / "cpu2/online").read_text(), "0")
        self.hotplug.restore(None)
        self.assertEqual((self.root / "cpu2/online").read_text(), "1")

    def test_one_that_does_not_come_back_keeps_no_other_away(self) -> None:
        for cpu in (1, 2):
            (self.root / f"cpu{cpu}/online").write_text("1")
            self.hotplug.take(cpu, 0)
        (self.root / "online").write_text("0\n")
        (self.root / "cpu1/online").unlink()
        with self.assertRaisesRegex(InfraError, "CPU 1 did not go online"):
            self.hotplug.restore(0)
        self.assertEqual((self.root / "cpu2/online").read_text(), "1")

    def test_a_kernel_that_does_not_say(self) -> None:
        (self.root / "online").unlink()
        with self.assertRaisesRegex(InfraError, "cannot read which CPUs are online"):
            view.online_cpus(str(self.root))


class CpuWatchTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.uevents = mock.Mock()
        self.uevents.descriptor, self.writer = os.pipe()
        self.uevents.read.return_value = ([], False)
        self.addCleanup(os.close, self.uevents.descriptor)
        self.addCleanup(os.close, self.writer)
        self.enter_context(mock.patch.object(cpu_watch, "Uevents", return_value=self.uevents))
        self.online = self.enter_context(mock.patch.object(cpu_watch, "online_cpus"))
        self.online.return_value = frozenset({0, 1, 2})
        self.emit = mock.Mock()
        self.watch = CpuWatch(Reactor(), mock.Mock(emit=self.emit))

    def told(self) -> list[tuple[str, str]]:
        events: list[Any] = [call.args[0] for call in self.emit.call_args_list]
        self.assertTrue(all(isinstance(event, Event) for event in events))
        return [(event.name, event.detail) for event in events]

    def test_what_the_kernel_tells(self) -> None:
        heads = [
            "offline@/devices/system/cpu/cpu1",
            "add@/kernel/sched_ext/root",
            "online@/devices/system/memory/memory1",
            "online@/devices/system/cpu/cpu1",
            "online@/devices/system/cpu/cpu1",
            "offline@/devices/system/cpu/cpu2",
        ]
        self.uevents.read.return_value = (heads, False)
        self.online.return_value = frozenset({0, 1})
        self.watch.finish()
        self.assertEqual(
            self.told(), [("cpu_offline", "1"), ("cpu_online", "1"), ("cpu_offline", "2")]
        )
        self.uevents.close.assert_called_once()

    @parameterized.parameters(True, False)
    def test_what_it_did_not_tell_is_looked_up(self, lost: bool) -> None:
        self.uevents.read.return_value = ([], lost)
        self.online.return_value = frozenset({0, 2})
        self.watch.finish()
        self.assertEqual(self.told(), [("cpu_offline", "1")])

    def test_a_kernel_that_tells_nothing_is_recorded(self) -> None:
        error = InfraError("cannot listen")
        with mock.patch.object(cpu_watch, "Uevents", side_effect=error):
            CpuWatch(Reactor(), mock.Mock(emit=self.emit)).finish()
        self.assertEqual(self.told(), [("cpus_unwatched", "cannot listen")])


if __name__ == "__main__":
    absltest.main()
