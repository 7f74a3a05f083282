# SPDX-License-Identifier: Apache-2.0
"""Payloads: other people's programs as a test's load, their metrics and the checks on them."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from ktstr.model.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_FLAG = re.compile(r"-[^\s=\0]+")


class OutputFormat(StrEnum):
    """How metrics are found in what a payload prints (ktstr.model.metrics)."""

    EXIT_CODE = "exit_code"
    JSON = "json"
    KEY_VALUE = "key_value"
    REGEX = "regex"


class Polarity(StrEnum):
    """Which way a metric gets better; TARGET means nearer to `MetricHint.target`."""

    HIGHER_BETTER = "higher_better"
    LOWER_BETTER = "lower_better"
    TARGET = "target"
    UNKNOWN = "unknown"


class Repeats(StrEnum):
    """What becomes of records that are called alike: ALL are told apart by number, or the LAST
    counts, as in reports that come while a benchmark runs.
    """

    ALL = "all"
    LAST = "last"


class Stream(StrEnum):
    """Where a metric was found."""

    STDOUT = "stdout"
    STDERR = "stderr"


class PayloadEnd(StrEnum):
    """How a payload's leader came to its end.

    EXITED and SIGNALLED by itself, TIMEOUT at its deadline, KILLED because the test said so,
    DROPPED because the test left it behind, NOT_STARTED: `PayloadFacts.error` says why.
    """

    EXITED = "exited"
    SIGNALLED = "signalled"
    TIMEOUT = "timeout"
    KILLED = "killed"
    DROPPED = "dropped"
    NOT_STARTED = "not_started"


@dataclass(frozen=True)
class MetricHint:
    """What is known of a metric beforehand.  `name` is its exact dotted path."""

    name: str
    polarity: Polarity = Polarity.UNKNOWN
    target: float = 0.0
    unit: str = ""

    def __post_init__(self) -> None:
        _check_metric("MetricHint", self.name)
        _check_finite(f"MetricHint of {self.name!r}: target", self.target)
        if self.target and self.polarity is not Polarity.TARGET:
            raise UsageError(
                f"MetricHint of {self.name!r} has target {self.target} with polarity "
                f"{self.polarity.value}; a target goes with polarity {Polarity.TARGET.value}"
            )


@dataclass(frozen=True)
class Min:
    """The metric is at least `value`."""

    metric: str
    value: float

    def __post_init__(self) -> None:
        _check_metric("Min", self.metric)
        _check_finite(f"Min of {self.metric!r}: value", self.value)


@dataclass(frozen=True)
class Max:
    """The metric is at most `value`."""

    metric: str
    value: float

    def __post_init__(self) -> None:
        _check_metric("Max", self.metric)
        _check_finite(f"Max of {self.metric!r}: value", self.value)


@dataclass(frozen=True)
class Range:
    """The metric lies within `low` to `high`, both included."""

    metric: str
    low: float
    high: float

    def __post_init__(self) -> None:
        _check_metric("Range", self.metric)
        _check_finite(f"Range of {self.metric!r}: low", self.low)
        _check_finite(f"Range of {self.metric!r}: high", self.high)
        if self.low > self.high:
            raise UsageError(
                f"Range of {self.metric!r} is reversed: low {self.low} is above high {self.high}"
            )


@dataclass(frozen=True)
class Exists:
    """The metric was found."""

    metric: str

    def __post_init__(self) -> None:
        _check_metric("Exists", self.metric)


@dataclass(frozen=True)
class ExitCodeEq:
    """The payload's exit code is `code`, or that of another such check; -1: a death by signal."""

    code: int

    def __post_init__(self) -> None:
        if isinstance(self.code, bool) or self.code not in range(-1, 256):
            raise UsageError(
                f"ExitCodeEq({self.code!r}): an exit code is 0 to 255, or -1 for a death by signal"
            )


@dataclass(frozen=True)
class ExitCodeSkip:
    """With the exit code `code` the payload says that it does not apply here, as kselftest's 4."""

    code: int

    def __post_init__(self) -> None:
        if isinstance(self.code, bool) or self.code not in range(1, 256):
            raise UsageError(
                f"ExitCodeSkip({self.code!r}): an exit code that means SKIP is 1 to 255"
            )


MetricCheck = Min | Max | Range | Exists | ExitCodeEq | ExitCodeSkip
"""Any of the checks."""


@dataclass(frozen=True)
class Payload:
    """A program of the `payload` rule.

    program: absolute guest path.  path: guest directories put before PATH.  patterns: regular
    expressions of OutputFormat.REGEX by metric name.  record_key: names of the fields whose values
    tell records of JSON or KEY_VALUE apart.  known_flags: the only options that `args`
    may hold, None for any.  uses_parent_pgrp: no process group of its own.
    """

    name: str
    program: str
    path: tuple[str, ...] = ()
    default_args: tuple[str, ...] = ()
    output: OutputFormat = OutputFormat.EXIT_CODE
    patterns: dict[str, str] | None = None
    record_key: tuple[str, ...] = ()
    repeats: Repeats = Repeats.ALL
    default_checks: tuple[MetricCheck, ...] = ()
    metrics: tuple[MetricHint, ...] = ()
    known_flags: tuple[str, ...] | None = None
    uses_parent_pgrp: bool = False

    def __post_init__(self) -> None:
        if not self.name or not _NAME.fullmatch(self.name):
            raise UsageError(
                f"payload name {self.name!r}: letters, digits and `._-` are allowed, the first a "
                f"letter or digit"
            )
        for what, path in (("program", self.program), *(("path", each) for each in self.path)):
            if not path.startswith("/") or "\0" in path:
                raise UsageError(
                    f"payload {self.name!r}: {what} is {path!r}; an absolute guest path is needed"
                )
        _check_hints(self)
        _check_patterns(self)
        _check_records(self)
        for flag in self.known_flags or ():
            if not _FLAG.fullmatch(flag):
                raise UsageError(
                    f"payload {self.name!r}: known flag {flag!r} is no option; write `-x` or "
                    f"`--long` without a value"
                )


@dataclass(frozen=True)
class PayloadRun:
    """One run of a payload as asked for: what ops and the builder of a test function come to.

    `args` and `checks` are complete, defaults included.  `cgroup` is a managed cgroup's name; None
    leaves the payload beside the agent.  `timeout_s` is guest time; None: no limit of its own.
    """

    payload: str
    args: tuple[str, ...] = ()
    checks: tuple[MetricCheck, ...] = ()
    cgroup: str | None = None
    timeout_s: float | None = None


def _check_metric(check: str, name: object) -> None:
    if not isinstance(name, str) or not name:
        raise UsageError(f"{check}: metric name {name!r}; a metric's dotted path is needed")


def is_finite(value: object) -> bool:
    """Whether it is a number, and one that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _check_finite(what: str, value: object) -> None:
    if not is_finite(value):
        raise UsageError(f"{what} is {value!r}; it must be a finite number")


def _check_hints(payload: Payload) -> None:
    again = [name for name, n in Counter(hint.name for hint in payload.metrics).items() if n > 1]
    if again:
        raise UsageError(f"payload {payload.name!r} has several hints for {', '.join(again)}")


def _check_records(payload: Payload) -> None:
    named = bool(payload.record_key) or payload.repeats is not Repeats.ALL
    if named and payload.output not in (OutputFormat.JSON, OutputFormat.KEY_VALUE):
        raise UsageError(
            f"payload {payload.name!r}: record_key and repeats go with output 'json' or "
            f"'key_value', not {payload.output.value!r}"
        )
    if not all(payload.record_key) or len(set(payload.record_key)) < len(payload.record_key):
        raise UsageError(
            f"payload {payload.name!r}: record_key {list(payload.record_key)} has an empty name, "
            f"or one twice"
        )


def _check_patterns(payload: Payload) -> None:
    regex = payload.output is OutputFormat.REGEX
    if regex != bool(payload.patterns):
        raise UsageError(
            f"payload {payload.name!r}: output {payload.output.value!r} with "
            f"{len(payload.patterns or {})} patterns; patterns go with output 'regex', which needs "
            f"at least one"
        )
    for name, pattern in (payload.patterns or {}).items():
        _check_metric(f"payload {payload.name!r}: patterns", name)
        try:
            groups = re.compile(pattern, re.MULTILINE).groups
        except (re.error, OverflowError, RecursionError) as error:
            raise UsageError(
                f"payload {payload.name!r}: the pattern of {name!r}, {pattern!r}: {error}"
            ) from error
        if groups != 1:
            raise UsageError(
                f"payload {payload.name!r}: the pattern of {name!r}, {pattern!r}, has {groups} "
                f"groups; exactly one must hold the number, others are written (?:...)"
            )
