# SPDX-License-Identifier: Apache-2.0
"""Payloads: other people's programs as a test's load, their metrics and the checks on them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True)
class Min:
    """The metric is at least `value`."""

    metric: str
    value: float


@dataclass(frozen=True)
class Max:
    """The metric is at most `value`."""

    metric: str
    value: float


@dataclass(frozen=True)
class Range:
    """The metric lies within `low` to `high`, both included."""

    metric: str
    low: float
    high: float


@dataclass(frozen=True)
class Exists:
    """The metric was found."""

    metric: str


@dataclass(frozen=True)
class ExitCodeEq:
    """The payload's exit code is `code`; -1 is a death by signal."""

    code: int


MetricCheck = Min | Max | Range | Exists | ExitCodeEq


@dataclass(frozen=True)
class Payload:
    """A program of the `payload` rule.

    program: absolute guest path.  path: guest directories put before PATH.  patterns: regular
    expressions of OutputFormat.REGEX by metric name.  known_flags: the only options that `args`
    may hold, None for any.  uses_parent_pgrp: no process group of its own.
    """

    name: str
    program: str
    path: tuple[str, ...] = ()
    default_args: tuple[str, ...] = ()
    output: OutputFormat = OutputFormat.EXIT_CODE
    patterns: dict[str, str] | None = None
    default_checks: tuple[MetricCheck, ...] = ()
    metrics: tuple[MetricHint, ...] = ()
    known_flags: tuple[str, ...] | None = None
    uses_parent_pgrp: bool = False


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
