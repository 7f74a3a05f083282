# SPDX-License-Identifier: Apache-2.0
"""What cannot be played again is refused by NAME.replay before any guest is started."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.host.accel import Accel
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.machine.prepared.accel import AccelChoice
from ktstr.machine.prepared.machine import PreparedMachine
from ktstr.machine.prepared.templates import Templates
from ktstr.machine.target_disks import TargetDisks
from ktstr.model.errors import UsageError
from ktstr.model.machine.disk import Throttle
from ktstr.model.machine.topology import Topology
from ktstr.runner.replay import replay as replaying
from ktstr.runner.replay.arguments import Replay, instant
from ktstr.runner.replay.player import Player
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.disk.disks import DiskSpec
from ktstr.vm.qemu import QemuTree
from ktstr.vm.signals import Termination
from tests.support.targets import target

_HERE = Path("/nowhere")
_SLOW = DiskSpec("slow", "slow", _HERE, 1 << 20, throttle=Throttle(iops=10))


class ClosedTest(parameterized.TestCase):
    def asked(self, function: str = "", own: Accel = Accel.VIRTUAL, **machine: Any) -> str:
        """What NAME.replay says before it ends with an error; no guest is ever started."""
        spec = MachineSpec(
            QemuTree(_HERE), _HERE, (), (), Topology(1, 1, 2, 1), 256, Accel.VIRTUAL, **machine
        )
        templates = mock.create_autospec(Templates, instance=True)
        prepared = PreparedMachine(spec, TargetDisks(), (), "", templates)
        case = mock.Mock()
        case.name = "steady"
        unknown = UnknownName(function, f"kernel 6.12 has no symbol {function!r}; it was inlined")
        said = io.StringIO()
        with (
            contextlib.redirect_stdout(said),
            mock.patch.multiple(
                replaying,
                RunfilesTree=mock.DEFAULT,
                sources_of=mock.DEFAULT,
                discovery_request=mock.DEFAULT,
                machine_files=mock.DEFAULT,
                Kernel=mock.DEFAULT,
                discover=mock.Mock(return_value=mock.Mock(cases=(case,))),
                choose_accel=mock.Mock(return_value=AccelChoice(own, "")),
                prepare=mock.Mock(return_value=prepared),
                function_of_name=mock.Mock(side_effect=unknown),
            ),
            mock.patch.object(Player, "_play") as play,
            Termination() as termination,
            self.assertRaises((UsageError, UnknownName)) as raised,
        ):
            wanted = Replay(Path("main"), function=function, when=instant("1s"))
            replaying.run_replay(target(), wanted, None, termination)
        play.assert_not_called()
        templates.start.assert_not_called()
        return f"{said.getvalue()}{raised.exception}"

    def test_disks_that_qemu_serves(self) -> None:
        self.assertEqual(
            self.asked(disks=(_SLOW,)),
            "steady cannot be replayed: QEMU itself served its disks (slow), at times of the "
            "host's choosing",
        )

    def test_a_live_channel(self) -> None:
        self.assertIn("steady cannot be replayed: it had a live channel", self.asked(control=True))

    def test_a_function_that_there_is_not(self) -> None:
        self.assertIn("no symbol 'pick_task'", self.asked("pick_task"))

    @parameterized.parameters(Accel.KVM, Accel.TCG)
    def test_tests_in_real_time_are_played_in_virtual_time_and_that_is_said(
        self, own: Accel
    ) -> None:
        said = self.asked("pick_task", own)
        self.assertStartsWith(said, f"//pkg:target: its tests run under {own}, and no two runs")
        self.assertIn("this is the run that it has in virtual time\n", said)


if __name__ == "__main__":
    absltest.main()
