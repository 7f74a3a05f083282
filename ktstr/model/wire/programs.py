# SPDX-License-Identifier: Apache-2.0
"""BPF programs by what the kernel says of each: only who asks for that imports this."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.model.wire.frames import FrameType

# kernel/bpf/verifier.c, BPF_COMPLEXITY_LIMIT_INSNS of include/linux/bpf.h (Linux 6.12 to 7.2): the
# verifier gives a program up that takes it more steps
VERIFIER_LIMIT = 1_000_000


@dataclass(frozen=True)
class Program:
    """One loaded BPF program (struct bpf_prog_info of include/uapi/linux/bpf.h).

    name: the kernel keeps 15 characters.  type: e.g. `struct_ops`, or its number.  verified_insns:
    the steps that the verifier took.  instructions: of BPF, after the verifier's changes.
    jited_bytes: of machine code; 0: it is interpreted.  recursion_misses: calls that were left out
    as it ran already.  run_count, run_time_ns: None unless kernel.bpf_stats_enabled is 1.

    As the verifier's log has them; None where the scheduler's own user space loaded it, which does
    not show that: total_states, peak_states: states of the program that it kept, in all, and at
    once.
    max_states_per_insn: of them at one instruction.  stack_bytes: of all its functions together.
    """

    name: str
    type: str
    verified_insns: int
    instructions: int
    jited_bytes: int
    recursion_misses: int
    run_count: int | None = None
    run_time_ns: int | None = None
    total_states: int | None = None
    peak_states: int | None = None
    max_states_per_insn: int | None = None
    stack_bytes: int | None = None


@dataclass(frozen=True)
class SchedulerPrograms:
    """The programs of one life of a scheduler, after it was attached; `error` says why not.

    They are its struct_ops programs and those that share a map with one of them.  life: which of
    the guest's, from 1.
    """

    frame_type = FrameType.PROGRAM
    life: int
    scheduler: str
    programs: tuple[Program, ...] = ()
    error: str = ""
