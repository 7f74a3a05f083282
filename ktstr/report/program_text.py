# SPDX-License-Identifier: Apache-2.0
"""The BPF programs of schedulers for people, where a test asked for them."""

from __future__ import annotations

from ktstr.model.wire.programs import VERIFIER_LIMIT
from ktstr.result import result_pb2
from ktstr.result.characters import one_line


def program_lines(bpf: result_pb2.Bpf) -> list[str]:
    """What each program cost the verifier, the dearest first, and how large it is."""
    lines = []
    for life in bpf.lives:
        name = one_line(life.scheduler)
        if life.error:
            lines.append(f"{name}: {one_line(life.error)}")
        for each in sorted(life.programs, key=lambda program: -program.verified_insns):
            part = 100 * each.verified_insns / VERIFIER_LIMIT
            lines.append(
                f"{name}: {one_line(each.name)} ({one_line(each.type)}): {each.verified_insns} "
                f"steps of the verifier, {part:.2g}% of its limit; {each.instructions} "
                f"instructions, {each.jited_bytes} bytes of code{_calls(each)}"
            )
    return lines


def _calls(each: result_pb2.Bpf.Program) -> str:
    told = ""
    if each.HasField("run_count"):
        told += f"; ran {each.run_count} times, {each.run_time_ns / 1e6:.3f} ms"
    if each.recursion_misses:
        told += f"; {each.recursion_misses} calls left out, as it ran already"
    return told
