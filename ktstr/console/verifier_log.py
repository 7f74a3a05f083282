# SPDX-License-Identifier: Apache-2.0
"""The verifier's log of a program that it refused, with loops told once.

The formats are those of kernel/bpf/{verifier,log,disasm}.c (Linux 6.12 to 7.3) at log level 1,
which has the path to what is wrong alone, between the marks of libbpf 1.0 to 1.6 (src/libbpf.c).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_LOG = re.compile(
    r"prog '(?P<program>[^'\n]+)': -- BEGIN PROG LOAD LOG --\n"
    r"(?P<log>.*?)\n?-- END PROG LOAD LOG --",
    re.DOTALL,
)
# what 7.3 has below the trace, between blank lines (kernel/bpf/diagnostics.c bpf_diag_header)
_EXPLAINED = "Verification failed: "
_PROCESSED = re.compile(r"processed \d+ insns ")
# `; text @ file:line` since 6.9, before that the text alone
_SOURCE = re.compile(r"; (?P<text>.*?)(?: @ (?P<place>\S+:\d+))?$")
_INSTRUCTION = re.compile(r"(?P<number>\d+): \([0-9a-f]{2}\) ")
# what differs from one turn of a loop to the next: what registers hold, and how often another went
_STATE = re.compile(r"^(\d+|from \d+ to \d+(?: \(speculative execution\))?): [RFf].*|\s+; [RFf].*$")
_TURNS = re.compile(r"^\((\d+ lines) as above.*")
# Bodies of at most so many lines are looked for, in this order: inner loops before outer ones.
_LONGEST = (10, 10, 50, 50, 250, 2000)
# a line that begins a body comes no more often than so many times before it begins the next turn
_OCCURRENCES = 16


@dataclass(frozen=True)
class Rejection:
    """A program that the verifier refused.

    Attributes:
      reason: its last words before its statistics.
      source: the line of the source that it was at, empty without line information.
      place: `file:line` of that, empty where the kernel does not tell.
      log: its lines, of each loop the first turn and the last.
    """

    program: str
    reason: str
    source: str
    place: str
    log: tuple[str, ...]

    @property
    def at(self) -> str:
        """Where it was, in words; empty where that is not known."""
        if not self.source:
            return ""
        return f"at {self.place}: {self.source}" if self.place else f"at: {self.source}"


def rejection(said: str) -> Rejection | None:
    """The last program that the verifier refused, by what a loader printed; None: none is there."""
    found = list(_LOG.finditer(said))
    if not found:
        return None
    lines = found[-1]["log"].splitlines()
    closing = [number for number, line in enumerate(lines) if _PROCESSED.match(line)]
    end = _explained(lines, closing[-1] if closing else len(lines))
    reason = _reason(lines, end)
    at = next((match for line in reversed(lines[:end]) if (match := _SOURCE.match(line))), None)
    return Rejection(
        program=found[-1]["program"],
        reason=reason,
        source=at["text"].strip() if at else "",
        place=(at["place"] or "") if at else "",
        log=tuple(collapsed(lines)),
    )


def _explained(lines: Sequence[str], end: int) -> int:
    """Where the trace ends that `end` lines begin with: behind it 7.3 explains itself."""
    end = next((at for at in range(end) if lines[at].startswith(_EXPLAINED)), end)
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def _reason(lines: Sequence[str], end: int) -> str:
    """The last line of the trace; of what it is no reason, what 7.3 says below it."""
    last = lines[end - 1].strip() if end else ""
    if last and not (_INSTRUCTION.match(last) or _SOURCE.match(last)):
        return last
    said = (line for line in lines[end:] if line.startswith(_EXPLAINED))
    return next(said, last).removeprefix(_EXPLAINED)


def collapsed(lines: Sequence[str]) -> list[str]:
    """A trace in which of what repeats, but for registers, the first and last turn are left."""
    kept = list(lines)
    for longest in _LONGEST:
        kept = _once(kept, longest)
    return kept


def _once(lines: list[str], longest: int) -> list[str]:
    """Loops whose body has at most `longest` lines, told once."""
    shapes = [_shape(line) for line in lines]
    places: dict[str, list[int]] = {}
    for number, shape in enumerate(shapes):
        places.setdefault(shape, []).append(number)
    found: list[str] = []
    at = 0
    later = dict.fromkeys(places, 0)
    while at < len(lines):
        period, turns = _turns(shapes, at, places[shapes[at]], later, longest)
        if turns < 3:
            found.append(lines[at])
            at += 1
            continue
        end = at + period * turns
        found += lines[at : at + period]
        count = f"{turns - 2} more times" if turns > 3 else "once more"
        found.append(f"({period} lines as above, {count}; then the last time:)")
        found += lines[end - period : end]
        at = end
    return found


def _turns(
    shapes: list[str], at: int, places: list[int], later: dict[str, int], longest: int
) -> tuple[int, int]:
    """How long the shortest body is that begins here and repeats, and how often it comes."""
    if not _begins(shapes[at]):
        return 0, 0
    first = later[shapes[at]]
    while first < len(places) and places[first] <= at:
        first += 1
    later[shapes[at]] = first
    for place in places[first : first + _OCCURRENCES]:
        period = place - at
        if period > longest:
            break
        turns = 1
        body = shapes[at:place]
        while shapes[at + period * turns : at + period * (turns + 1)] == body:
            turns += 1
        if turns >= 3:
            return period, turns
    return 0, 0


def _begins(shape: str) -> bool:
    """Whether a turn may begin so: with an instruction, a line of the source, or a jump's state."""
    return bool(_INSTRUCTION.match(shape) or _SOURCE.match(shape) or shape.startswith("from "))


def _shape(line: str) -> str:
    """A line without what differs from turn to turn."""
    turned = _TURNS.match(line)
    if turned is not None:
        return f"({turned[1]} as above)"
    return _STATE.sub(lambda match: f"{match[1] or ''}", line)
