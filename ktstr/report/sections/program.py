# SPDX-License-Identifier: Apache-2.0
"""The BPF programs of schedulers for people, where a test asked for them."""

from __future__ import annotations

from ktstr.console.verifier_log import rejection
from ktstr.model.wire.programs import VERIFIER_LIMIT
from ktstr.report.logs import log_text
from ktstr.result import result_pb2
from ktstr.result.characters import one_line

_LOG_LINES = 60


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
                f"instructions, {each.jited_bytes} bytes of code{_states(each)}{_calls(each)}"
            )
    return lines


def refusal_lines(result: result_pb2.Result) -> list[str]:
    """The verifier's log of a program that it refused, of its loops the first turn and the last."""
    unloaded = any(detail.kind == result_pb2.SCHEDULER_NOT_LOADED for detail in result.details)
    refused = rejection(log_text(result, "scheduler")) if unloaded else None
    if refused is None:
        return []
    head = f"{refused.program}: {refused.reason}"
    lines = [*refused.log[-_LOG_LINES:]]
    if len(refused.log) > len(lines):
        lines.insert(0, f"({len(refused.log) - len(lines)} lines before, in scheduler.log)")
    return [one_line(line) for line in filter(None, (head, refused.at, *lines))]


def _states(each: result_pb2.Bpf.Program) -> str:
    told = ""
    if each.HasField("total_states"):
        told = (
            f"; {each.total_states} states, {each.peak_states} at once, "
            f"{each.max_states_per_insn} at most at an instruction"
        )
    if each.HasField("stack_bytes"):
        told += f"; {each.stack_bytes} bytes of stack"
    return told


def _calls(each: result_pb2.Bpf.Program) -> str:
    told = ""
    if each.HasField("run_count"):
        told += f"; ran {each.run_count} times, {each.run_time_ns / 1e6:.3f} ms"
    if each.recursion_misses:
        told += f"; {each.recursion_misses} calls left out, as it ran already"
    return told
