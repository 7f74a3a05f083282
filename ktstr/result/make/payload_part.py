# SPDX-License-Identifier: Apache-2.0
"""The part of a result that is about payloads: their runs, metrics and checks."""

from __future__ import annotations

from ktstr.model.facts import Metric, PayloadFacts
from ktstr.model.payload import (
    ExitCodeEq,
    ExitCodeSkip,
    Max,
    MetricCheck,
    MetricHint,
    Min,
    Polarity,
    Range,
)
from ktstr.model.payload_checks import failed_checks
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.characters import encodable
from ktstr.result.make.mirror import mirrored


def payload_results(run: RunRecord) -> list[result_pb2.Payload]:
    """Each run of a payload, in the order of their ends."""
    hints = {
        payload.name: {hint.name: hint for hint in payload.metrics} for payload in run.plan.payloads
    }
    ordered = sorted(run.payloads, key=lambda facts: facts.index)
    return [_payload(facts, hints.get(facts.payload, {})) for facts in ordered]


def _payload(facts: PayloadFacts, hints: dict[str, MetricHint]) -> result_pb2.Payload:
    message = mirrored(result_pb2.Payload(), facts, leave=("metrics", "checks"))
    message.metrics.extend([_metric(metric, hints.get(metric.name)) for metric in facts.metrics])
    message.checks.extend([_check(check) for check in facts.checks])
    message.failures.extend([encodable(words) for words in failed_checks(facts)])
    return message


def _metric(metric: Metric, hint: MetricHint | None) -> result_pb2.Payload.Metric:
    message = mirrored(result_pb2.Payload.Metric(), metric)
    message.polarity = (hint.polarity if hint else Polarity.UNKNOWN).value
    if hint is not None:
        message.hinted, message.unit = True, encodable(hint.unit)
        if hint.polarity is Polarity.TARGET:
            message.target = hint.target
    return message


def _check(check: MetricCheck) -> result_pb2.Payload.Check:
    message = result_pb2.Payload.Check(kind=type(check).__name__)
    if isinstance(check, ExitCodeEq | ExitCodeSkip):
        message.exit_code = check.code
        return message
    message.metric = encodable(check.metric)
    if isinstance(check, Min):
        message.low = check.value
    elif isinstance(check, Max):
        message.high = check.value
    elif isinstance(check, Range):
        message.low, message.high = check.low, check.high
    return message
