# SPDX-License-Identifier: Apache-2.0
"""Guests go on and come to an end, whatever becomes of who looks into them."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from unittest import mock

from absl.testing import absltest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from ktstr.introspect.plugin.facts import kernel_facts
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.watch import Watch
from ktstr.model.errors import UsageError
from ktstr.model.verdict.checks import Verdict
from ktstr.vm.qemu import QemuTree
from tests.introspect.plugin.guests import Guests, Own
from tests.introspect.plugin.looker import HELD, Looker, probe


class HoldTest(Guests):
    def test_a_held_guest_stands(self) -> None:
        seen: list[tuple[int, int, bytes]] = []

        def hold(held: Held) -> None:
            seen.append(
                (held.registers["rip"], held.cpu, Path(f"/proc/{held.pid}/comm").read_bytes())
            )

        own = Own(lambda kernel: [probe(kernel, HELD, hold=True, limit=30)], hold=hold)
        outcome = self.run_with(own)
        self.assertIs(outcome.judgement.verdict, Verdict.PASS)
        self.assertLen(seen, 30)
        self.assertEqual({rip for rip, *_ in seen}, {own.kernel.symbol(HELD)})
        assert outcome.run.probes is not None
        self.assertEqual(outcome.run.probes.problem, "")

    def test_a_host_that_fails_lets_the_guest_go_on(self) -> None:
        def hold(_: Held) -> None:
            raise UsageError("no such map")

        outcome = self.run_with(Own(lambda kernel: [probe(kernel, HELD, hold=True)], hold=hold))
        self.assertIs(outcome.judgement.verdict, Verdict.PASS)
        assert outcome.run.probes is not None
        self.assertIn("the host's end of the channel is closed", outcome.run.probes.problem)

    def test_a_host_that_does_not_answer_lets_the_guest_go_on(self) -> None:
        def hold(held: Held) -> None:
            # as if the host's loop stood: QEMU's own word that it waits no more ends this
            os.waitid(os.P_PID, held.pid, os.WEXITED | os.WNOWAIT)

        own = Own(lambda kernel: [probe(kernel, HELD, hold=True)], hold=hold)
        made = Watch.__init__

        def impatient(self: Watch, *args: object, **others: object) -> None:
            made(self, *args, **{**others, "hold_s": 0.2})  # type: ignore[arg-type]

        with mock.patch.object(Watch, "__init__", impatient):
            outcome = self.run_with(own)
        assert outcome.run.probes is not None
        self.assertIn("did not let the guest go on in time", outcome.run.probes.problem)
        self.assertIs(outcome.judgement.verdict, Verdict.PASS)

    def test_a_killed_qemu_leaves_whole_records(self) -> None:
        def hold(held: Held) -> None:
            if held.hit == 200:
                os.kill(held.pid, signal.SIGKILL)

        own = Own(lambda kernel: [probe(kernel, HELD, hold=True)], hold=hold)
        outcome = self.run_with(own)
        self.assertIsNot(outcome.judgement.verdict, Verdict.PASS)
        (looked,) = own.looked
        self.assertEqual([each.hit for each in looked.records], list(range(1, 201)))

    def test_facts_of_another_kernel_give_no_records(self) -> None:
        own = Own(lambda kernel: [probe(kernel, HELD)])
        wrong = mock.patch(
            "ktstr.execute.looking.kernel_facts",
            lambda kernel: replace(
                kernel_facts(kernel), per_cpu_offset=kernel.symbol("jiffies_64")
            ),
        )
        with wrong:
            outcome = self.run_with(own)
        self.assertIs(outcome.judgement.verdict, Verdict.PASS)
        (looked,) = own.looked
        self.assertLen(looked.records, 0)
        self.assertGreater(looked.probes[HELD].hits, 100)
        self.assertStartsWith(looked.problem, "the kernel's memory does not tell which CPU runs")


class RefusedTest(Guests):
    """A plugin that cannot be had: the guest runs without, and everybody is told why."""

    def tree(self) -> QemuTree:
        """A copy of QEMU's tree, all of it links but for the plugin."""
        whole = self.target.session.machine.spec.qemu
        root = Path(self.create_tempdir().full_path) / "qemu"
        for part in ("bin", "lib", "share"):
            (root / part).mkdir(parents=True)
            for path in (whole.root / part).iterdir():
                (root / part / path.name).symlink_to(path)
        tree = QemuTree.at(root)
        tree.probes.unlink()
        return tree

    def refused(self, qemu: QemuTree | None = None) -> str:
        """Why a look was refused, in a guest that passes all the same."""
        spec = self.target.session.machine.spec
        looker = Looker()
        outcome = self.run_with(looker, spec=replace(spec, qemu=qemu or spec.qemu))
        self.assertIs(outcome.judgement.verdict, Verdict.PASS, outcome.judgement.details)
        assert outcome.run.probes is not None
        why = [*looker.refused, *(each.problem for each in looker.looked)]
        self.assertEqual(why, [outcome.run.probes.problem])
        return why[0]

    def test_a_tree_without_it(self) -> None:
        self.assertEqual(self.refused(self.tree()), "QEMU's tree has no lib/probes.so")

    def test_a_qemu_of_another_level(self) -> None:
        tree = self.tree()
        shutil.copyfile(self.target.session.machine.spec.qemu.probes, tree.probes)
        with tree.probes.open("r+b") as file:
            symbols = ELFFile(file).get_section_by_name(".dynsym")
            assert isinstance(symbols, SymbolTableSection)
            version = next(s for s in symbols.iter_symbols() if s.name == "qemu_plugin_version")
            section = ELFFile(file).get_section(version["st_shndx"])
            at = version["st_value"] - section["sh_addr"] + section["sh_offset"]
            file.seek(at)
            file.write((7).to_bytes(4, "little"))
        why = self.refused(tree)
        self.assertStartsWith(
            why, "QEMU does not take the plugin that looks into guests: QEMU ended"
        )
        self.assertIn("API version", why)

    def test_a_watch_of_another_version(self) -> None:
        with mock.patch("ktstr.introspect.plugin.encode.VERSION", 9):
            self.assertEqual(
                self.refused(),
                "QEMU's plugin refused what it was told: the watch is of version 9, and the "
                "plugin knows 5",
            )


if __name__ == "__main__":
    absltest.main()
