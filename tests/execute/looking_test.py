# SPDX-License-Identifier: Apache-2.0
"""Who looks into a guest, who cannot, and what the record of its run has of each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unittest import mock

from absl.testing import absltest

from ktstr.execute import looking
from ktstr.execute.looking import Looking, look
from ktstr.host.accel import Accel
from ktstr.host.probes import ProbeFacts
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.combined import Combined
from ktstr.introspect.plugin.part import Look, Looked, Wanted
from ktstr.introspect.plugin.watch import KernelFacts, Probe
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.machine.topology import Topology
from ktstr.model.plan import Plan
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.qemu import QemuTree
from tests.support.plans import plan

_FACTS = KernelFacts(1 << 63, 0, 8, 32)
_PROBE = Probe("tick", 1 << 63, (1 << 63) + 9)


class _Part:
    """A part whose field of the record says what it was told."""

    def __init__(self, name: str, refusal: str = "", probes: tuple[Probe, ...] = (_PROBE,)) -> None:
        self.name, self.refusal = name, refusal
        self.wanted = Wanted(probes)

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> Look:
        if self.refusal:
            raise UsageError(self.refusal)
        return self

    def made(self, looked: Looked) -> object:
        return f"looked: {looked.problem}"

    def without(self, why: str) -> object:
        return f"not: {why}"


class LookingTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path)
        (self.root / "lib").mkdir()
        (self.root / "lib/probes.so").touch()
        self.enter_context(mock.patch.object(looking, "_opened"))
        self.enter_context(mock.patch.object(looking, "kernel_facts", return_value=_FACTS))

    def look(self, *parts: _Part, accel: Accel = Accel.VIRTUAL, index: bool = True) -> Looking:
        """A look at a guest of two CPUs."""
        topology = Topology(1, 1, 2, 1)
        spec = MachineSpec(QemuTree(self.root), self.root, (), (), topology, 256, accel)
        return look(plan(), spec, self.root if index else None, parts)

    def test_who_cannot_look_says_why_and_the_others_look(self) -> None:
        found = self.look(_Part("one"), _Part("other", "no such symbol"))
        assert found.combined is not None
        self.assertEqual([each.name for each in found.combined.watch.probes], ["one/tick"])
        self.assertIsNotNone(found.probing())
        never = "QEMU's plugin never began to watch; qemu.log may say why"
        self.assertEqual(
            found.fields(b""),
            {
                "one": f"looked: {never}",
                "other": "not: no such symbol",
                "probes": ProbeFacts(watched=False, problem=never),
            },
        )

    def test_a_guest_that_was_let_go_is_told_of_to_who_reads(self) -> None:
        for let_go in (False, True):
            found = self.look(_Part("one", probes=(replace(_PROBE, hold=True),)))
            found.probing()
            assert found.channel is not None
            self.addCleanup(found.close)
            if let_go:
                found.channel.let_go()
            read = Combined.looked
            with mock.patch.object(Combined, "looked", autospec=True, side_effect=read) as looked:
                found.fields(b"")
            self.assertEqual(looked.call_args.kwargs, {"let_go": let_go})

    def test_nobody_wants_a_probe(self) -> None:
        found = self.look(_Part("one", probes=()))
        self.assertIsNone(found.probing())
        self.assertEqual(
            found.fields(b""), {"one": "looked: ", "probes": ProbeFacts(watched=False)}
        )

    def test_nobody_looks(self) -> None:
        found = self.look()
        self.assertIsNone(found.probing())
        self.assertEqual(found.problem, "")

    def test_guests_that_cannot_be_looked_into(self) -> None:
        (self.root / "lib/probes.so").unlink()
        for found, why in (
            (
                self.look(_Part("one"), accel=Accel.TCG),
                "in virtual time alone; this is one under tcg",
            ),
            (self.look(_Part("one"), index=False), "the target has no index of its kernel"),
            (self.look(_Part("one")), "QEMU's tree has no lib/probes.so"),
        ):
            self.assertIsNone(found.probing())
            fields = found.fields(b"")
            self.assertIn(why, fields["one"])
            self.assertStartsWith(fields["one"], "not: ")
            self.assertIn(why, fields["probes"].problem)

    def test_a_kernel_that_the_plugin_does_not_know(self) -> None:
        missing = UsageError("kernel 5.4 has no symbol 'cpu_number'")
        with mock.patch.object(looking, "kernel_facts", side_effect=missing):
            found = self.look(_Part("one"))
        self.assertEqual(
            found.problem,
            "this kernel cannot be looked into: kernel 5.4 has no symbol 'cpu_number'",
        )

    def test_more_than_there_is_room_for(self) -> None:
        many = tuple(Probe(f"p{i}", 1 << 63, (1 << 63) + 9) for i in range(300))
        found = self.look(_Part("one", probes=many), _Part("other", probes=many))
        self.assertEqual(found.problem, "a watch has 600 probes, of 512 at most")

    def test_what_was_seen_makes_no_sense(self) -> None:
        part = _Part("one")
        with mock.patch.object(_Part, "made", side_effect=InfraError("a clock ran backwards")):
            fields = self.look(part).fields(b"")
        self.assertEqual(
            fields["one"], "not: what was seen of the guest makes no sense: a clock ran backwards"
        )

    def test_a_plugin_that_is_not_taken(self) -> None:
        found = self.look(_Part("one"))
        found.stop("QEMU does not take the plugin")
        self.assertIsNone(found.probing())
        self.assertEqual(found.fields(b"")["one"], "not: QEMU does not take the plugin")


if __name__ == "__main__":
    absltest.main()
