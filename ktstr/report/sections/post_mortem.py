# SPDX-License-Identifier: Apache-2.0
"""What was found in a guest that did not come to its end, for people."""

from __future__ import annotations

import textwrap

from ktstr.report.sections.snapshot import change_lines
from ktstr.result import result_pb2
from ktstr.result.characters import one_line, printable

_LOG_LINES = 25
_WIDTH = 98


def wait_lines(found: result_pb2.PostMortem) -> list[str]:
    """Who waits for what, in words, at the instant at which the guest was stopped."""
    if not found.cause:
        return []
    lines = [f"looked into because: {one_line(found.cause)}"]
    snapshot = found.snapshot
    if snapshot.at_ns:
        lines.append(f"at {_seconds(snapshot.at_ns)} of the guest; {_extension(snapshot)}")
    for words in found.waits:
        lines += textwrap.wrap(one_line(words), _WIDTH, subsequent_indent="  ")
    lines += [f"not read: {one_line(each)}" for each in found.missing]
    lines += change_lines(snapshot)
    return lines


def memory_log_lines(found: result_pb2.PostMortem) -> list[str]:
    """The end of the kernel's log, as it lay in memory."""
    lines = []
    for record in found.log[-_LOG_LINES:]:
        micros = record.at_ns // 1000
        lines.append(f"[{micros // 10**6:5d}.{micros % 10**6:06d}] {printable(record.text)}")
    left_out = len(found.log) - len(lines)
    return [f"({left_out} lines before in result.json)", *lines] if left_out else lines


def _extension(snapshot: result_pb2.KernelSnapshot) -> str:
    if not snapshot.HasField("extension"):
        return "no sched_ext"
    state = snapshot.extension
    words = f"sched_ext {state.state}"
    words += f", scheduler {one_line(state.scheduler)}" if state.scheduler else ""
    words += ", bypassed" if state.bypass else ""
    if state.exit:
        message = f": {one_line(state.exit_message)}" if state.exit_message else ""
        words += f", failed: {state.exit}{message}"
    return words


def _seconds(ns: int) -> str:
    return f"{ns // 10**9}.{ns % 10**9 // 1000:06d} s"
