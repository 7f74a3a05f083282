# SPDX-License-Identifier: Apache-2.0
"""The report's lines on payloads: how each run ended, and what it printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ktstr.model.payload import PayloadEnd
from ktstr.model.payload_checks import number
from ktstr.report.tables import aligned, duration
from ktstr.result import result_pb2
from ktstr.result.characters import one_line, printable

_RUNS_SHOWN = 8
_METRICS_SHOWN = 10
_TAIL_LINES = 8
_LINE_CHARS = 200
_COLUMNS = ("metric", "value", "unit", "better", "checks")
_BETTER = {"higher_better": "higher", "lower_better": "lower"}


def payload_lines(payloads: Sequence[result_pb2.Payload]) -> list[str]:
    """A passage for each run: its end, its command, its metrics, or else its last words.

    Metrics that the payload hints at or that are checked come first, all of them.
    """
    lines: list[str] = []
    for payload in payloads[:_RUNS_SHOWN]:
        lines.append(_headline(payload))
        passage = [_cut(one_line(" ".join(payload.argv))), *_metrics(payload)]
        if payload.failures and not payload.metrics:
            passage += _last_words(payload)
        lines += [f"  {line}" for line in passage if line]
    if len(payloads) > _RUNS_SHOWN:
        lines.append(f"and {len(payloads) - _RUNS_SHOWN} more runs of payloads in result.json")
    return lines


def _headline(payload: result_pb2.Payload) -> str:
    where = f" in {payload.cgroup}" if payload.HasField("cgroup") else ""
    step = f" (step {payload.step})" if payload.HasField("step") else ""
    took = duration(payload.ended_ns - payload.started_ns) if payload.HasField("pid") else ""
    after = f" after {took}" if took else ""
    found = [_count(len(payload.metrics), "metric") + _origin(payload)]
    if payload.checks:
        found.append(_count(len(payload.checks), "check"))
    if payload.failures:
        found.append(f"{len(payload.failures)} failed")
    return one_line(f"{payload.payload}{where}{step}: {_end(payload)}{after}; {', '.join(found)}")


def _origin(payload: result_pb2.Payload) -> str:
    # stdout goes without saying; all metrics of a run are of one stream
    streams = {metric.stream for metric in payload.metrics} - {"stdout"}
    return f" from {' and '.join(sorted(streams))}" if streams else ""


def _end(payload: result_pb2.Payload) -> str:
    words = payload.end.replace("_", " ")
    if payload.end == PayloadEnd.EXITED:
        return f"{words} with code {payload.exit_code}"
    return f"{words} ({payload.signal})" if payload.signal else words


def _metrics(payload: result_pb2.Payload) -> list[str]:
    checks: dict[str, list[str]] = {}
    for check in payload.checks:
        if check.metric:
            checks.setdefault(check.metric, []).append(_check(check))
    known = [each for each in payload.metrics if each.hinted or each.name in checks]
    rest = [each for each in payload.metrics if not (each.hinted or each.name in checks)]
    shown = known + rest[:_METRICS_SHOWN]
    if not shown:
        return []
    rows = [_row(metric, checks.get(metric.name, ())) for metric in shown]
    lines = aligned([_COLUMNS, *rows])
    more = len(rest) - _METRICS_SHOWN
    return [*lines, f"and {more} more metrics in result.json"] if more > 0 else lines


def _row(metric: result_pb2.Payload.Metric, checks: Iterable[str]) -> Sequence[str]:
    better = _BETTER.get(metric.polarity, "-")
    if metric.HasField("target"):
        better = f"near {number(metric.target)}"
    return (
        one_line(metric.name),
        f"{number(metric.value)}",
        one_line(metric.unit) or "-",
        better,
        ", ".join(checks) or "-",
    )


def _check(check: result_pb2.Payload.Check) -> str:
    if check.HasField("low") and check.HasField("high"):
        return f"[{number(check.low)}, {number(check.high)}]"
    if check.HasField("low"):
        return f">= {number(check.low)}"
    if check.HasField("high"):
        return f"<= {number(check.high)}"
    return "exists"


def _last_words(payload: result_pb2.Payload) -> list[str]:
    lines = []
    for stream, text in (("stdout", payload.stdout_tail), ("stderr", payload.stderr_tail)):
        last = printable(text).rstrip().splitlines()[-_TAIL_LINES:]
        if last:
            lines += [f"{stream} ends:", *(f"  {_cut(line)}" for line in last)]
    return lines


def _count(n: int, what: str) -> str:
    return f"{n or 'no'} {what}" + ("" if n == 1 else "s")


def _cut(line: str) -> str:
    return line if len(line) <= _LINE_CHARS else f"{line[:_LINE_CHARS]}..."
