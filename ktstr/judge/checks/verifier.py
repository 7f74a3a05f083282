# SPDX-License-Identifier: Apache-2.0
"""max_verified_...: what the verifier found of each BPF program of a scheduler, and its budget."""

from __future__ import annotations

from collections.abc import Callable

from ktstr.judge.checks.measure import Limit, Measurement
from ktstr.judge.workers.scope import Scope
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.programs import VERIFIER_LIMIT, Program

_NOTHING = "the scheduler's programs are checked, and none was told of: no scheduler was attached"
_NOT_TOLD = (
    "program {} of scheduler {}: {} are not known: only programs that "
    "the generic loader loads tell of it"
)


def verified(scope: Scope) -> list[Measurement]:
    """The steps of the verifier for each program of each life of a scheduler."""
    return _of_programs(scope, lambda program: program.verified_insns, _words, "steps")


def _figure(name: str, field: str, unit: str, what: str) -> Limit:
    def told(life: str, program: Program) -> str:
        return f"program {program.name} of scheduler {life}: {getattr(program, field)} {what}"

    def measure(scope: Scope) -> list[Measurement]:
        return _of_programs(scope, lambda program: getattr(program, field), told, what)

    return Limit(name, Kind.VERIFIER_BUDGET, unit, measure, _NOTHING, of_cpus=True)


MAX_VERIFIED = Limit(
    "max_verified_insns", Kind.VERIFIER_BUDGET, "instructions", verified, _NOTHING, of_cpus=True
)
MAX_STATES = _figure(
    "max_verified_states", "total_states", "states", "states that the verifier kept in all"
)
MAX_PEAK_STATES = _figure(
    "max_verified_peak_states", "peak_states", "states", "states that the verifier kept at once"
)
MAX_STATES_PER_INSN = _figure(
    "max_verified_states_per_insn",
    "max_states_per_insn",
    "states",
    "states that the verifier kept at one instruction",
)
MAX_STACK = _figure(
    "max_verified_stack_bytes", "stack_bytes", "bytes", "bytes of stack, its functions together"
)


def _of_programs(
    scope: Scope,
    value: Callable[[Program], int | None],
    words: Callable[[str, Program], str],
    what: str,
) -> list[Measurement]:
    found = []
    for life in scope.programs:
        if life.error or not life.programs:
            why = life.error or "the kernel shows no struct_ops program"
            said = f"the programs of scheduler {life.scheduler} are not known: {why}"
            found.append(Measurement(life.scheduler, None, said))
        for program in life.programs:
            number = value(program)
            said = _NOT_TOLD.format(program.name, life.scheduler, what)
            if number is not None:
                said = words(life.scheduler, program)
            found.append(Measurement(program.name, number, said))
    return found


def _words(scheduler: str, program: Program) -> str:
    part = 100 * program.verified_insns / VERIFIER_LIMIT
    return (
        f"program {program.name} of scheduler {scheduler}: the verifier took "
        f"{program.verified_insns} steps for its {program.instructions} instructions, "
        f"{part:.2g}% of those after which it gives up"
    )
