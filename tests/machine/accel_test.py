# SPDX-License-Identifier: Apache-2.0
"""The accelerator: by name, by a probe, by the room on this machine."""

import dataclasses

from absl.testing import absltest

from ktstr.host.accel import Accel
from ktstr.machine.prepared.accel import Room, choose_accel
from ktstr.model.errors import UsageError
from ktstr.model.machine.topology import Topology


@dataclasses.dataclass(frozen=True)
class _Verdict:
    usable: bool
    words: str = "a story"


_ROOM = Room(Topology.parse("1n1l2c1t"), host_cpus=2, oversized="refuse")
_SHORT = Room(Topology.parse("1n1l4c1t"), host_cpus=2, oversized="tcg")


def _never() -> _Verdict:
    raise AssertionError("probed")


class AccelTest(absltest.TestCase):
    def test_auto_goes_by_the_probe(self) -> None:
        self.assertEqual(choose_accel("auto", lambda: _Verdict(True), _ROOM).accel, Accel.KVM)
        choice = choose_accel("auto", lambda: _Verdict(False), _ROOM)
        self.assertEqual((choice.accel, choice.probe), (Accel.VIRTUAL, "a story"))

    def test_no_probe_where_it_does_not_matter(self) -> None:
        self.assertEqual(choose_accel("virtual", _never, _SHORT).accel, Accel.VIRTUAL)
        self.assertEqual(choose_accel("tcg", _never, _SHORT).accel, Accel.TCG)

    def test_kvm_by_name_is_never_replaced_in_silence(self) -> None:
        with self.assertRaisesRegex(UsageError, "KVM does not work here: a story; use accel"):
            choose_accel("kvm", lambda: _Verdict(False), _ROOM)
        self.assertEqual(choose_accel("kvm", lambda: _Verdict(True), _SHORT).accel, Accel.KVM)

    def test_auto_emulates_a_machine_that_is_larger_than_this_one(self) -> None:
        choice = choose_accel("auto", lambda: _Verdict(True), _SHORT)
        self.assertIs(choice.accel, Accel.VIRTUAL)
        self.assertIn("oversized = 'tcg'", choice.reason)
        self.assertIn("has 4 CPUs, and this machine lets us use 2", choice.probe)

    def test_the_reason_of_a_machine_without_kvm_is_not_its_size(self) -> None:
        roomy = choose_accel("auto", lambda: _Verdict(False), _ROOM)
        short = choose_accel("auto", lambda: _Verdict(False), _SHORT)
        self.assertEqual(roomy, short)

    def test_refused_whatever_the_accelerator(self) -> None:
        room = dataclasses.replace(_SHORT, oversized="refuse")
        for asked in ("auto", "kvm", "tcg", "virtual"):
            with self.assertRaisesRegex(UsageError, "1n1l4c1t has 4 CPUs, .* use 2; .*refuse"):
                choose_accel(asked, _never, room)


if __name__ == "__main__":
    absltest.main()
