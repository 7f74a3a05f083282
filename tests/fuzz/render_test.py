# SPDX-License-Identifier: Apache-2.0
"""A trial as Python: what is printed plays the same."""

from __future__ import annotations

from typing import Any

from absl.testing import absltest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.fuzz.generate import generated
from ktstr.fuzz.holding import checks_of
from ktstr.fuzz.render import NAME, test_file
from ktstr.fuzz.trial import Trial
from ktstr.model.machine.cpuset import Exact
from ktstr.model.scenario.scenario import CgroupDef, Fixed, OfflineCpu, Scenario, Step
from ktstr.model.seeds import stream
from ktstr.model.verdict.checks import Checks
from ktstr.model.work.work import Work
from tests.fuzz.machines import grammar

settings.register_profile("fuzz", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("fuzz")

_SMALL = '''"""Found."""

from ktstr import (
    CgroupDef,
    Checks,
    Exact,
    Fixed,
    OfflineCpu,
    Scenario,
    Step,
    TopologyView,
    Work,
    scenario,
)


@scenario(duration=1.0, checks=Checks(not_starved=False))
def found(machine: TopologyView) -> Scenario:
    return Scenario(
        (
            Step(
                (CgroupDef("a", cpuset=Exact(frozenset({1, 2})), works=(Work(workers=3),)),),
                ops=(OfflineCpu(1),),
                hold=Fixed(0.1),
            ),
        ),
    )
'''


class RenderTest(absltest.TestCase):
    def test_a_file(self) -> None:
        cgroup = CgroupDef("a", Exact(frozenset({2, 1})), (Work(workers=3),))
        trial = Trial(Scenario((Step((cgroup,), (OfflineCpu(1),), Fixed(0.1)),)), 1.0)
        self.assertEqual(test_file(trial, Checks(not_starved=False), "Found."), _SMALL)

    @given(st.integers(0, 1 << 30))
    def test_it_plays_the_same(self, seed: int) -> None:
        made = grammar()
        trial = generated(made, stream(seed, "render"))
        text = test_file(trial, checks_of(trial), "Words.")
        names: dict[str, Any] = {"__name__": "found"}
        exec(compile(text, "found.py", "exec"), names)
        self.assertEqual(names[NAME](made.view), trial.scenario)
        self.assertLess(max(map(len, text.splitlines())), 120)


if __name__ == "__main__":
    absltest.main()
