# SPDX-License-Identifier: Apache-2.0
"""Runs one plan without Bazel: one_plan.py CONFIG FILES OUTPUT

CONFIG is the NAME.config.json of a built ktstr_test without a scheduler, FILES the directory that
its names of files begin at, OUTPUT gets what the guest leaves. By hand, in a Python that has the
packages of third_party/requirements.in:

    tools/bazel build --build_runfile_links //tests/start:wider
    PYTHONPATH=. python tests/execute/one_plan.py bazel-bin/tests/start/wider.config.json \
        bazel-bin/tests/start/wider.runfiles /tmp/one_plan
"""

import sys
from pathlib import Path

from ktstr.execute.execute import run
from ktstr.host.accel import Accel
from ktstr.machine.load import load_target
from ktstr.machine.located import machine_files
from ktstr.machine.prepared.accel import AccelChoice
from ktstr.machine.prepared.machine import prepare
from ktstr.model.plan import Plan
from ktstr.model.scenario.scenario import CgroupDef, defs
from ktstr.model.verdict.checks import DEFAULT_CHECKS, Verdict
from ktstr.vm.signals import Termination


def main(config: Path, files: Path, output: Path) -> int:
    """Prints what became of the plan; 0 where that is a PASS."""
    target = load_target(config)
    found = machine_files(target, lambda name: (files / name).resolve(strict=True))
    choice = AccelChoice(Accel.VIRTUAL, "asked for")
    plan = Plan(
        test="one_plan",
        source="",
        topology=target.topology,
        duration_s=1.0,
        workers_per_cgroup=2,
        seed=target.seed,
        scheduler=None,
        scenario=defs(CgroupDef("only")),
        function=None,
        checks=DEFAULT_CHECKS,
    )
    with Termination() as signals, prepare(target, found, choice, output, signals) as machine:
        outcome = run(plan, machine, output / plan.test, signals)
    print(outcome.judgement.verdict, outcome.run.start)
    print(*outcome.judgement.details, sep="\n")
    return int(outcome.judgement.verdict is not Verdict.PASS)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
