# SPDX-License-Identifier: Apache-2.0
"""What is recorded of a real kernel, by what has failed."""

import os
import struct
from pathlib import Path

from absl.testing import absltest

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.recorder import layout
from ktstr.introspect.recorder.layout import Flag
from ktstr.introspect.recorder.targets import Recording, Target, recording_of
from ktstr.introspect.replay.cause import Cause, What


def _kernel() -> Kernel:
    index, *files = (Path(path) for path in os.environ["KERNEL"].split())
    vmlinux = next(path for path in files if path.name == "vmlinux")
    return Kernel.open(vmlinux, index)


class TargetsTest(absltest.TestCase):
    kernel: Kernel

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.kernel = _kernel()

    def recording(self, what: What, callers: tuple[str, ...] = (), waits_ns: int = 0) -> Recording:
        cause = Cause(what, "kind", "message", 0, False, 0, callers=callers)
        return recording_of(self.kernel, cause, waits_ns=waits_ns, subject="w")

    def target(self, recording: Recording, name: str) -> Target:
        [found] = (each for each in recording.targets if each.name == name)
        return found

    def ends(self, recording: Recording) -> set[str]:
        return {each.name for each in recording.targets if each.flags & Flag.ENDS}

    def test_an_ejection_ends_where_the_kernel_throws_a_scheduler_out(self) -> None:
        recording = self.recording(What.EJECTED)
        site = next(name for name in self.ends(recording) if name.startswith("scx_"))
        self.assertEqual(self.target(recording, site).end[1], 66)
        self.assertTrue({"oops_enter"} < self.ends(recording))
        names = {each.name for each in recording.targets}
        self.assertTrue({"enqueue_task_scx", "try_to_wake_up", "select_cpu", "enqueue"} <= names)

    def test_only_a_warning_ends_where_the_kernel_warns(self) -> None:
        self.assertIn("__warn", self.ends(self.recording(What.WARNED)))
        self.assertNotIn("__warn", self.ends(self.recording(What.CRASHED)))

    def test_a_wait_is_looked_for_at_ticks(self) -> None:
        recording = self.recording(What.HUNG, waits_ns=300)
        self.assertEqual(self.target(recording, "sched_tick").flags, Flag.TICK)
        head = struct.unpack_from("<IIIIQ16sII", recording.encoded())
        self.assertEqual(head[4:], (300, b"w".ljust(16, b"\0"), 0, 0))
        cause = Cause(What.HUNG, "kind", "message", 0, False, 0)
        thread = recording_of(
            self.kernel, cause, waits_ns=300, subject="kworker/", kernel_thread=True
        )
        self.assertEqual(thread.encoded()[40:48], b"\1" + bytes(7))
        self.assertNotIn("sched_tick", {each.name for each in self.recording(What.HUNG).targets})

    def test_functions_on_the_stacks_of_a_dead_guest_are_recorded_too(self) -> None:
        recording = self.recording(What.PANICKED, ("write_sysrq_trigger", "proc_reg_write", "no"))
        names = [each.name for each in recording.targets]
        self.assertIn("proc_reg_write", names)
        self.assertNotIn("no", names)
        self.assertEqual(len(names), len(set(names)))

    def test_a_variable_of_a_functions_name_is_none(self) -> None:
        self.assertTrue(self.kernel.has_symbol("jiffies"))
        recording = self.recording(What.PANICKED, ("jiffies", "runqueues"))
        names = {each.name for each in recording.targets} | set(recording.missing)
        self.assertFalse(names & {"jiffies", "runqueues"})

    def test_callbacks_have_their_places_in_a_map_of_ops(self) -> None:
        recording = self.recording(What.EJECTED)
        enqueue, select_cpu = (self.target(recording, name) for name in ("enqueue", "select_cpu"))
        self.assertEqual((enqueue.flags, select_cpu.flags), (Flag.OP, Flag.OP))
        self.assertEqual(enqueue.place - select_cpu.place, 8)
        self.assertTrue(recording.ops_type)
        self.assertEqual([each.name for each in enqueue.watched.arguments], ["pid", "enq_flags"])

    def test_all_of_it_fits(self) -> None:
        for what in What:
            recording = self.recording(what, waits_ns=1)
            size = 48 + len(recording.targets) * layout.TARGET_BYTES
            self.assertLen(recording.encoded(), size)
            self.assertLessEqual(len(recording.targets), layout.MOST_TARGETS)
            for each in recording.targets:
                slots = [slot for one in each.watched.arguments for slot in one.slots]
                slots += each.watched.fields
                room = sum(layout.room_of(slot.read) for slot in slots)
                self.assertLessEqual(room, layout.MOST_DATA, each.name)

    def test_where_a_queue_takes_a_task_says_which_arguments_they_are(self) -> None:
        put = self.target(self.recording(What.EJECTED), "dispatch_enqueue")
        names = [each.name for each in put.watched.arguments]
        data = put.encoded()
        self.assertEqual((data[144], data[145]), (names.index("p"), names.index("dsq")))
        other = self.target(self.recording(What.EJECTED), "enqueue_task_scx").encoded()
        self.assertEqual((other[144], other[145]), (layout.NONE, layout.NONE))


if __name__ == "__main__":
    absltest.main()
