# SPDX-License-Identifier: Apache-2.0
"""Waits for conditions that were not met in time."""

from __future__ import annotations

from collections.abc import Iterator

from ktstr.model.facts import TimeoutFacts
from ktstr.model.scenario.conditions import OnTimeout
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord

_VERDICTS = {
    OnTimeout.FAIL: Verdict.FAIL,
    OnTimeout.INCONCLUSIVE: Verdict.INCONCLUSIVE,
}


def waits(run: RunRecord) -> list[Detail]:
    """FAIL or INCONCLUSIVE, as the scenario says, for each wait that ended it by its time-out."""
    return [
        Detail(Kind.WAIT, _words(timeout), _VERDICTS[timeout.on_timeout])
        for timeout in _timeouts(run)
        if timeout.on_timeout in _VERDICTS
    ]


def wait_remarks(run: RunRecord) -> Iterator[str]:
    """The waits that were in vain, and that the scenario went on after."""
    for timeout in _timeouts(run):
        if timeout.on_timeout is OnTimeout.GO_ON:
            yield f"{_words(timeout)}; the scenario went on"


def _timeouts(run: RunRecord) -> Iterator[TimeoutFacts]:
    for facts in run.scenarios:
        yield from facts.timeouts


def _words(timeout: TimeoutFacts) -> str:
    where = "the Backdrop" if timeout.step is None else f"step {timeout.step}"
    return (
        f"{where} waited in vain for {timeout.condition}: {timeout.seen} after "
        f"{timeout.seconds:g} s of guest time"
    )
