# SPDX-License-Identifier: Apache-2.0
"""What a clone that does not come up leads to: a cold boot with the reason, never a failed test."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.execute import execute
from ktstr.execute.budget import Budget
from ktstr.execute.follow import GuestRun
from ktstr.execute.outcome import Outcome
from ktstr.execute.source import Source
from ktstr.host.accel import Accel
from ktstr.host.ending import Ending, EndingKind
from ktstr.machine.prepared.machine import PreparedMachine
from ktstr.machine.prepared.starts import Start
from ktstr.machine.prepared.templates import Templates
from ktstr.machine.target_disks import TargetDisks
from ktstr.model.errors import InfraError
from ktstr.model.facts import End
from ktstr.model.machine.topology import Topology
from ktstr.model.plan import Plan
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.qemu import QemuTree
from ktstr.vm.saved.template import Template, TemplateError
from ktstr.vm.signals import Termination
from tests.support.plans import function_plan

_TEMPLATE = Template("ab" * 32, "cd" * 32, Path("state"), ("m0",), Path("console"))
_NO_HELLO = "one of template abababababab ended before its hello: "


class ClonedTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path)
        self.termination = self.enter_context(Termination())
        self.starts: list[Start] = []

    def run_with(
        self,
        clone: Ending | InfraError,
        left_s: float = 60.0,
        end: End | None = None,
        accel: Accel = Accel.VIRTUAL,
        sources: Sequence[Source] = (),
    ) -> Outcome:
        """The outcome of a test whose clone ends so, and whose cold boot would be interrupted."""
        spec = MachineSpec(QemuTree(self.root), self.root, (), (), Topology(1, 1, 2, 1), 256, accel)
        templates = mock.create_autospec(Templates, instance=True)
        templates.start.return_value = Start("cloned", _TEMPLATE, (Path("layer"),))
        templates.refuse.side_effect = lambda reason: Start(f"no clone: {reason}")
        budget = mock.create_autospec(Budget, instance=True)
        # for the start and for the clone: enough
        budget.left_s.side_effect = [60.0, 60.0, left_s, left_s]

        def run_guest(of: Plan, *arguments: object) -> GuestRun:
            (start,) = (each for each in arguments if isinstance(each, Start))
            self.starts.append(start)
            if start.template is None:
                return GuestRun(_ended(of, Ending(EndingKind.TERMINATED, "the cold one")), {})
            if isinstance(clone, InfraError):
                raise clone
            return GuestRun(replace(_ended(of, clone), end=end), {})

        machine = PreparedMachine(spec, TargetDisks(), (), "", templates)
        with mock.patch.object(execute, "run_guest", side_effect=run_guest):
            return execute.run(
                function_plan(),
                machine,
                self.root,
                self.termination,
                sources=sources,
                budget=budget,
            )

    @parameterized.parameters(
        (TemplateError("QEMU refused"), "QEMU refused"),
        (Ending(EndingKind.DEADLINE, "boot"), f"{_NO_HELLO}deadline, boot"),
        (Ending(EndingKind.KILLED, "SIGKILL"), f"{_NO_HELLO}killed, SIGKILL"),
        (Ending(EndingKind.PANICKED), f"{_NO_HELLO}panicked"),
        (Ending(EndingKind.QEMU_ERROR, "abort"), f"{_NO_HELLO}qemu_error, abort"),
    )
    def test_a_clone_that_does_not_come_up(self, clone: Ending | InfraError, reason: str) -> None:
        outcome = self.run_with(clone)
        self.assertEqual(outcome.run.ending.detail, "the cold one")
        self.assertEqual([each.template for each in self.starts], [_TEMPLATE, None])
        self.assertEqual(self.starts[1].reason, f"no clone: {reason}")

    def test_what_kept_the_agent_from_its_hello_is_told(self) -> None:
        self.run_with(Ending(EndingKind.PANICKED), end=End(1, 1, "InfraError: mailbox damaged"))
        reason = f"no clone: {_NO_HELLO}panicked, InfraError: mailbox damaged"
        self.assertEqual(self.starts[1].reason, reason)

    def test_no_time_is_left_to_boot(self) -> None:
        outcome = self.run_with(Ending(EndingKind.PANICKED), left_s=1.0)
        self.assertLen(self.starts, 1)
        self.assertEqual(outcome.judgement.verdict, Verdict.INCONCLUSIVE)
        self.assertRegex(outcome.run.ending.detail, f"{_NO_HELLO}panicked.*too few to boot")

    def test_a_signal_to_the_runner_boots_nothing(self) -> None:
        outcome = self.run_with(Ending(EndingKind.TERMINATED, "SIGTERM"))
        self.assertLen(self.starts, 1)
        self.assertEqual(outcome.run.ending.detail, "SIGTERM")

    def test_the_tests_own_layer_is_of_its_plan_and_sources(self) -> None:
        source = self.root / "t.py"
        digests = []
        for text in ("one", "one", "two"):
            source.write_text(text)
            sources = (Source(str(source), "t.py"),)
            outcome = self.run_with(Ending(EndingKind.EXITED), sources=sources)
            digests.append(outcome.run.own_layer)
        self.assertEqual(digests[0], digests[1])
        self.assertNotEqual(digests[0], digests[2])
        self.assertLen(digests[0], 64)

    def test_no_two_of_real_time_are_alike(self) -> None:
        outcome = self.run_with(Ending(EndingKind.EXITED), accel=Accel.TCG)
        self.assertEqual(outcome.run.own_layer, "")

    def test_facts_that_cannot_be_judged_are_ours_and_end_no_other_test(self) -> None:
        unread = InfraError("what the guest of t reported cannot be judged: CPU list 'x'")
        with mock.patch.object(execute, "judge", side_effect=unread):
            outcome = self.run_with(Ending(EndingKind.EXITED))
        (detail,) = outcome.judgement.details
        self.assertEqual((detail.kind, detail.verdict), (Kind.INFRA, Verdict.INCONCLUSIVE))
        self.assertEqual(detail.message, str(unread))


def _ended(of: Plan, ending: Ending) -> RunRecord:
    return RunRecord(of, Accel.VIRTUAL, ending)


if __name__ == "__main__":
    absltest.main()
