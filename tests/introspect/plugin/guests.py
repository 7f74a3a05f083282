# SPDX-License-Identifier: Apache-2.0
"""Guests of a small target, and those who look into them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

from absl.testing import absltest

from ktstr.execute.outcome import Outcome
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.part import Looked, Part, Wanted
from ktstr.introspect.plugin.watch import Probe
from ktstr.model.plan import Plan
from ktstr.model.verdict.checks import Verdict
from ktstr.vm.command.machine import MachineSpec
from tests.introspect.plugin.looker import Looker
from tests.support.prepared import Prepared, prepared

_CONFIG = "_main/tests/introspect/plugin/subject.config.json"
# more than any of the tests runs: one guest is saved for all
_GUESTS = 20


class Own(Looker):
    """One who wants the probes that it is given."""

    def __init__(
        self,
        probes: Callable[[Kernel], Sequence[Probe]],
        hold: Callable[[Held], None] | None = None,
    ) -> None:
        super().__init__()
        self.own, self.hold = probes, hold or self.held.append

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> Looker:
        """Itself, with its probes at that kernel."""
        self.kernel = kernel
        self.wanted = Wanted(tuple(self.own(kernel)), (), self.hold)
        return self


class Guests(absltest.TestCase):
    """Tests that look into guests of one small target."""

    target: Prepared
    stack: ExitStack

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.stack = ExitStack()
        cls.target = cls.stack.enter_context(prepared(_CONFIG, lambda cases: _GUESTS))

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()
        super().tearDownClass()

    def run_with(self, *looks: Part, spec: MachineSpec | None = None) -> Outcome:
        """The outcome of a guest that these look into."""
        session = self.target.session
        if spec is not None:
            session = replace(session, machine=replace(session.machine, spec=spec))
        (outcome,) = replace(session, looks=looks).run(self.target.cases, lambda _: None)
        return outcome

    def looked(self, probes: Callable[[Kernel], Sequence[Probe]]) -> Looked:
        """What comes of these probes in a guest that passes."""
        own = Own(probes)
        outcome = self.run_with(own)
        self.assertIs(outcome.judgement.verdict, Verdict.PASS, outcome.judgement.details)
        (looked,) = own.looked
        return looked
