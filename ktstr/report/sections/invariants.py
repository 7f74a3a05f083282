# SPDX-License-Identifier: Apache-2.0
"""What was seen of invariants, in some lines."""

from __future__ import annotations

from ktstr.report.tables import more_lines
from ktstr.result import result_pb2
from ktstr.result.characters import one_line

_SHOWN = 8


def invariant_lines(result: result_pb2.Result) -> list[str]:
    """Which failed and how often, which could not be told; one line where all held."""
    found = result.invariants
    looks = sum(each.held + each.failed for each in found.counted)
    if not looks:
        return [f"not looked at: {one_line(found.problem)}"] if found.problem else []
    told = [each for each in found.counted if each.held or each.failed]
    never = len(found.counted) - len(told)
    idle = f"; {never} had nothing to speak of" if never else ""
    lines = [f"{len(told)} looked at {looks} times{idle}"]
    failed = [each for each in told if each.failed]
    lines += [
        f"{each.name} did not hold in {each.failed} of {each.held + each.failed} looks"
        for each in failed[:_SHOWN]
    ]
    lines += more_lines(len(failed), _SHOWN)
    unknown = [each for each in found.counted if each.unknown]
    lines += [
        f"{each.name} could not be told {_times(each.unknown)}: what it looks at cannot be read"
        for each in unknown[:_SHOWN]
    ]
    lines += more_lines(len(unknown), _SHOWN)
    if found.problem:
        lines.append(one_line(found.problem))
    if found.lacked:
        names = ", ".join(each.name for each in found.lacked)
        lines.append(
            f"not in this kernel: {names}; the first as {one_line(found.lacked[0].reason)}"
        )
    return lines


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
