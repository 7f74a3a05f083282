# SPDX-License-Identifier: Apache-2.0
"""Whether a payload's run is what was asked of it (spec 5.2): in the guest and in the judge."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ktstr.model.facts import PayloadFacts
from ktstr.model.payload import Exists, ExitCodeEq, ExitCodeSkip, Max, Min, PayloadEnd, Range

STDERR_BYTES = 1024
_LINE = 200
_NAMES_SHOWN = 10
_NAMES_COMPARED = 200
_BY_ITSELF = frozenset({PayloadEnd.EXITED, PayloadEnd.SIGNALLED})
_NS_PER_S = 1e9
_EXACT = 2**53  # above it a float's last digits mean nothing


class About(StrEnum):
    """What a failure is about; a slow machine can cause only DEADLINE and LIMIT."""

    END = "end"
    DEADLINE = "deadline"
    METRIC = "metric"
    LIMIT = "limit"


@dataclass(frozen=True)
class Failure:
    """One failed check, in words that go on from the payload's name."""

    about: About
    words: str


def failed_checks(facts: PayloadFacts) -> tuple[str, ...]:
    """The words of `failures`."""
    return tuple(failure.words for failure in failures(facts))


def failures(facts: PayloadFacts) -> tuple[Failure, ...]:
    """What the run fails, in the order of the checks.

    The end comes first, and is the only failure told of: a payload that ended otherwise than asked
    has printed nothing worth reading.  ExitCodeEq says how it must end, several how it may; without
    one a payload that ends by itself must end with 0, none may run into its deadline, and one that
    the test killed may end as it likes.  Then every check of a metric counts.  Of one that the test
    left behind nothing is said: its output was not read.  Nor is of one that skipped itself.
    """
    if facts.end is PayloadEnd.NOT_STARTED:
        why = facts.error.removeprefix(f"payload {facts.payload!r}: ") or "no reason given"
        return (Failure(About.END, f"was not started: {why}"),)
    if facts.end is PayloadEnd.DROPPED or skip_reason(facts):
        return ()
    end = _wrong_end(facts)
    if end:
        late = facts.end is PayloadEnd.TIMEOUT
        return (Failure(About.DEADLINE if late else About.END, end),)
    return tuple(_metric_failures(facts))


def skip_reason(facts: PayloadFacts) -> str:
    """Why the payload did not apply, if its exit code says so; else empty.

    A code that ExitCodeEq accepts as well means nothing else.
    """
    codes = {check.code for check in facts.checks if isinstance(check, ExitCodeSkip)}
    accepted = {check.code for check in facts.checks if isinstance(check, ExitCodeEq)}
    if facts.end is not PayloadEnd.EXITED or facts.exit_code not in codes - accepted:
        return ""
    said = [line.strip() for line in facts.stdout_tail.splitlines() if line.strip()]
    last = next((line for line in reversed(said) if "SKIP" in line), said[-1] if said else "")
    words = f"skipped itself with exit code {facts.exit_code}"
    return f"{words}: {last[:_LINE]}" if last else words


def is_only_default(facts: PayloadFacts) -> bool:
    """Whether it failed only because of an exit code that no check says anything about."""
    asked = any(isinstance(check, ExitCodeEq) for check in facts.checks)
    return not asked and facts.end is PayloadEnd.EXITED and facts.exit_code != 0


def ending(facts: PayloadFacts) -> str:
    """How it ended, in words: `exited with code 3`."""
    seconds = (facts.ended_ns - facts.started_ns) / _NS_PER_S
    signal = facts.signal or "an unknown signal"
    if facts.end is PayloadEnd.TIMEOUT:
        return f"did not end within {seconds:.3g} s"
    if facts.end is PayloadEnd.SIGNALLED:
        return f"was killed by {signal}"
    if facts.end is PayloadEnd.KILLED:
        return f"was killed by the test after {seconds:.3g} s"
    if facts.end is PayloadEnd.DROPPED:
        return f"was left behind by the test and killed after {seconds:.3g} s"
    if facts.end is PayloadEnd.NOT_STARTED:
        return "was not started"
    return f"exited with code {facts.exit_code}"


def number(value: float) -> str:
    """A metric's value in ten significant digits, whole numbers in all of theirs."""
    whole = math.isfinite(value) and value == int(value) and abs(value) < _EXACT
    return f"{value:.0f}" if whole else f"{value:.10g}"


def _wrong_end(facts: PayloadFacts) -> str:
    checks = (check for check in facts.checks if isinstance(check, ExitCodeEq))
    asked = list(dict.fromkeys(check.code for check in checks))
    if not asked:
        failed = facts.end is PayloadEnd.TIMEOUT or (
            facts.end in _BY_ITSELF and facts.exit_code != 0
        )
        return ending(facts) + _stderr(facts) if failed else ""
    if facts.exit_code in asked:
        return ""
    codes = " or ".join(map(str, asked))
    return f"{ending(facts)}, exit code {codes} expected{_stderr(facts)}"


def _stderr(facts: PayloadFacts) -> str:
    said = facts.stderr_tail.rstrip()
    if not said:
        return ""
    data = said.encode("utf-8", "surrogatepass")
    if len(data) <= STDERR_BYTES:
        return f"; stderr:\n{said}"
    start = len(data) - STDERR_BYTES
    while data[start] & 0xC0 == 0x80:  # inside a character
        start += 1
    return f"; stderr:\n...{data[start:].decode('utf-8', 'surrogatepass')}"


def _metric_failures(facts: PayloadFacts) -> Iterator[Failure]:
    values = {metric.name: metric.value for metric in facts.metrics}
    for check in facts.checks:
        if isinstance(check, ExitCodeEq | ExitCodeSkip):
            continue
        value = values.get(check.metric)
        if value is None:
            words = f"metric {check.metric!r} not found; {_there(check.metric, values)}"
            yield Failure(About.METRIC, words)
            continue
        words = _beyond(check, value)
        if words:
            what = f"metric {check.metric!r} = {number(value)} {words}"
            yield Failure(About.LIMIT if math.isfinite(value) else About.METRIC, what)


def _beyond(check: Min | Max | Range | Exists, value: float) -> str:
    if isinstance(check, Exists):
        return ""
    if not math.isfinite(value):
        return "is no finite number, and meets no limit"
    if isinstance(check, Min):
        return f"is below the minimum {number(check.value)}" if value < check.value else ""
    if isinstance(check, Max):
        return f"exceeds the maximum {number(check.value)}" if value > check.value else ""
    within = check.low <= value <= check.high
    return "" if within else f"is outside [{number(check.low)}, {number(check.high)}]"


def _there(name: str, values: Mapping[str, float]) -> str:
    if not values:
        return "the payload printed no metric"
    segments = set(name.split("."))
    # difflib is slow, and there may be thousands
    alike = sorted(values, key=lambda other: (-len(segments & set(other.split("."))), other))
    near = difflib.get_close_matches(name, alike[:_NAMES_COMPARED], n=_NAMES_SHOWN)
    rest = sorted(set(values) - set(near))
    shown = [*near, *rest][:_NAMES_SHOWN]
    more = len(values) - len(shown)
    return f"there are: {', '.join(shown)}" + (f" and {more} more" if more > 0 else "")
