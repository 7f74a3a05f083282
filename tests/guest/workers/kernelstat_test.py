# SPDX-License-Identifier: Apache-2.0
"""Which class the lines of /proc/PID/sched mean."""

from __future__ import annotations

from absl.testing import absltest, parameterized

from ktstr.guest.workers.kernelstat import class_of
from ktstr.model.wire.witness import SchedClass


class ClassTest(parameterized.TestCase):
    @parameterized.parameters(
        ({"prio": 120}, SchedClass.FAIR),
        ({"prio": 139, "ext.enabled": 0}, SchedClass.FAIR),
        ({"prio": 120, "ext.enabled": 1}, SchedClass.EXT),
        ({"prio": 99}, SchedClass.REALTIME),
        # an ordinary task that has lent a real-time task's priority is in that class meanwhile
        ({"prio": 0, "ext.enabled": 0}, SchedClass.REALTIME),
        ({"prio": -1, "ext.enabled": 0}, SchedClass.DEADLINE),
    )
    def test_priority_and_sched_ext_decide(self, said: dict[str, int], meant: SchedClass) -> None:
        self.assertEqual(class_of(said), meant.value)

    def test_a_kernel_that_does_not_say(self) -> None:
        self.assertEqual(class_of({}), "")
        self.assertEqual(class_of({"se.nr_migrations": 3}), "")


if __name__ == "__main__":
    absltest.main()
