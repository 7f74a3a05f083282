# SPDX-License-Identifier: Apache-2.0
"""max_verified_insns: no BPF program of the scheduler comes near what the verifier gives up at."""

from __future__ import annotations

from collections.abc import Iterator

from ktstr.judge.checks.measure import Limit, Measurement
from ktstr.judge.workers.scope import Scope
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.programs import VERIFIER_LIMIT, Program, SchedulerPrograms


def verified(scope: Scope) -> list[Measurement]:
    """The steps of the verifier for each program of each life of a scheduler."""
    return [each for life in scope.programs for each in _of_life(life)]


MAX_VERIFIED = Limit(
    "max_verified_insns",
    Kind.VERIFIER_BUDGET,
    "instructions",
    verified,
    "the scheduler's programs are checked, and none was told of: no scheduler was attached",
    of_cpus=True,
)


def _of_life(life: SchedulerPrograms) -> Iterator[Measurement]:
    if life.error or not life.programs:
        why = life.error or "the kernel shows no struct_ops program"
        words = f"the programs of scheduler {life.scheduler} are not known: {why}"
        yield Measurement(life.scheduler, None, words)
    for program in life.programs:
        yield Measurement(program.name, program.verified_insns, _words(life.scheduler, program))


def _words(scheduler: str, program: Program) -> str:
    part = 100 * program.verified_insns / VERIFIER_LIMIT
    return (
        f"program {program.name} of scheduler {scheduler}: the verifier took "
        f"{program.verified_insns} steps for its {program.instructions} instructions, "
        f"{part:.2g}% of those after which it gives up"
    )
