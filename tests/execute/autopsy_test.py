# SPDX-License-Identifier: Apache-2.0
"""A guest that cannot be looked into: the reason is told, and nothing else becomes of it."""

import os
import time
from pathlib import Path
from typing import Any
from unittest import mock

from absl.testing import absltest

from ktstr.execute.autopsy import PANICKED, Autopsy
from ktstr.execute.budget import Budget
from ktstr.introspect.postmortem.state import PostMortem
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.vm.deadlines import Deadline
from ktstr.vm.qmp import QmpError

_LATE = Deadline("the test's body", 1.0, 0.0)


class AutopsyTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path)
        self.vm = mock.Mock()
        # ours: a process that maps no guest's memory
        self.vm.pid = os.getpid()
        self.autopsy = Autopsy(self.root / "vmlinux", self.root / "vmlinux.index")

    def asked(self) -> list[str]:
        return [call.args[0] for call in self.vm.ask.call_args_list]

    def missing(self, deadline: Deadline | None = _LATE) -> str:
        self.autopsy.dying(self.vm, deadline)
        assert self.autopsy.found is not None
        self.assertEqual(self.autopsy.found.waits, ())
        self.assertGreater(self.autopsy.took_s, 0)
        (problem,) = self.autopsy.found.missing
        return problem

    def test_a_qemu_that_does_not_answer_is_asked_once(self) -> None:
        self.vm.ask.side_effect = QmpError("QMP stop: no answer from QEMU within its deadline")
        self.assertIn("the guest cannot be stopped: QMP stop: no answer", self.missing())
        self.assertEqual(self.asked(), ["human-monitor-command"])

    def test_a_kernel_that_cannot_be_opened_is_told(self) -> None:
        self.assertIn(str(self.root / "vmlinux"), self.missing())
        # any CPU has its interrupts off for moments: a hung guest is looked at twice
        looks = ["human-monitor-command"] * 2
        self.assertEqual(self.asked(), [looks[0], "stop", looks[1]])

    def test_a_mistake_of_ours_is_told(self) -> None:
        with mock.patch.object(Autopsy, "_look", side_effect=ZeroDivisionError("oh")):
            self.assertEqual(self.missing(), "ktstr's own mistake, ZeroDivisionError: oh")

    def test_a_target_without_an_index_is_told(self) -> None:
        self.autopsy = Autopsy(self.root / "vmlinux", None)
        self.assertEqual(self.missing(), "the target has no index of its kernel")

    def test_a_guest_that_panics_goes_on_whatever_was_found(self) -> None:
        self.missing(None)
        assert self.autopsy.found is not None
        self.assertEqual(self.autopsy.found.cause, PANICKED)
        self.assertEqual(self.asked()[-1], "cont")

        def refuse(command: str, **arguments: Any) -> str:
            if command == "cont":
                raise QmpError("QMP cont: QEMU is gone")
            return ""

        self.vm.ask.side_effect = refuse
        self.missing(None)

    def test_who_else_looks_sees_it_while_it_stands(self) -> None:
        asked = []
        self.autopsy.standing = lambda *_: asked.append(self.asked())
        found = PostMortem("", Snapshot("", 0, ""))
        with (
            mock.patch("ktstr.introspect.kernel.kernel.Kernel.open"),
            mock.patch("ktstr.introspect.memory.qemu.memory_of"),
            mock.patch("ktstr.introspect.postmortem.collect.collect", return_value=found),
        ):
            self.autopsy.dying(self.vm, None)
        self.assertEqual(asked, [["stop", "human-monitor-command"]])
        self.assertEqual(self.asked()[-1], "cont")

    def test_it_has_a_guest_stand_where_it_panics(self) -> None:
        self.assertFalse(self.autopsy.begin(self.vm))
        self.vm.ask.assert_called_once_with("set-action", panic="pause")

    def test_where_bazels_time_is_nearly_over_answers_are_not_waited_for(self) -> None:
        self.missing()
        self.autopsy.budget = Budget(time.monotonic() + 9.0)
        self.missing()
        waits = [call.kwargs["within_s"] for call in self.vm.ask.call_args_list]
        self.assertEqual(waits, [2.0] * 3 + [1.0] * 3)

    def test_a_second_run_whose_own_time_is_over_has_the_rest_of_bazels(self) -> None:
        self.autopsy.budget = Budget.start(60.0).share(0.0)
        self.missing()
        waits = [call.kwargs["within_s"] for call in self.vm.ask.call_args_list]
        self.assertEqual(waits, [2.0] * 3)

    def test_so_has_its_core(self) -> None:
        found = PostMortem("", Snapshot("", 0, ""))
        self.autopsy.core = self.root / "guest.core"
        for budget, cores in ((Budget.start(60.0).share(0.0), 1), (Budget.start(6.0), 0)):
            self.autopsy.budget = budget
            with (
                mock.patch("ktstr.introspect.kernel.kernel.Kernel.open"),
                mock.patch("ktstr.introspect.memory.qemu.memory_of"),
                mock.patch("ktstr.introspect.postmortem.collect.collect", return_value=found),
                mock.patch(
                    "ktstr.introspect.postmortem.core_file.write_core_file", return_value=""
                ) as write,
            ):
                self.autopsy.dying(self.vm, _LATE)
            self.assertEqual(write.call_count, cores)


if __name__ == "__main__":
    absltest.main()
