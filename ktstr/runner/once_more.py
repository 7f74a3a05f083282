# SPDX-License-Identifier: Apache-2.0
"""Runs a test that an event has failed in real time a second time, and keeps what that showed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ktstr.execute.again import recorder_of, unrepeatable_because
from ktstr.execute.outcome import Outcome
from ktstr.execute.real_causes import RealCause, real_cause_of, second_of
from ktstr.execute.rerun import Rerun
from ktstr.host.ending import EndingKind
from ktstr.introspect.recorder.page import Second, bare_page, page
from ktstr.introspect.recorder.recorder import Recorder
from ktstr.machine.prepared.machine import PreparedMachine
from ktstr.model.errors import InfraError, UsageError
from ktstr.runner.replaying import Played, with_page

OnceMore = Callable[[Outcome, Recorder, Path], Rerun]


def with_second_run(
    outcome: Outcome, machine: PreparedMachine, folder: Path, once_more: OnceMore
) -> Outcome:
    """The outcome with the page of its second run; as it is, where no event has failed it.

    The verdict is that of the first run, whatever the second comes to.  folder: gets the second
    guest's files, while it lasts.  once_more: runs it, as `Session.once_more` does.
    """
    return with_page(
        outcome,
        real_cause_of(outcome),
        lambda: unrepeatable_because(outcome, machine),
        lambda real: _played(outcome, real, machine, folder, once_more),
    )


def _played(
    outcome: Outcome,
    real: RealCause,
    machine: PreparedMachine,
    folder: Path,
    once_more: OnceMore,
) -> Played:
    try:
        recorder = recorder_of(machine, real)
        again = once_more(outcome, recorder, folder)
        second = second_of(outcome, again.outcome)
        problem = _ended(again) or second.problem
        less: tuple[str, ...] = ()
        if replace(second, problem=problem).passed:
            # all is known of it, whatever was not recorded
            less = tuple(filter(None, (recorder.problem,)))
        elif not _ended(again):
            problem = "; ".join(filter(None, (problem, recorder.problem)))
        second = replace(second, problem=problem)
        if recorder.told is None:
            found = bare_page(real.cause, second)
        else:
            kernel, recording = recorder.kernel, recorder.recording
            found = page(kernel, recording, recorder.told, real.cause, second)
        return Played(replace(found, missing=(*less, *found.missing)), again.took_s)
    except (UsageError, InfraError) as error:
        return Played(bare_page(real.cause, Second(False, problem=str(error))))
    except Exception as error:  # noqa: BLE001 - a bug of ours must not cost the result
        why = f"ktstr's own mistake, {type(error).__name__}: {error}"
        return Played(bare_page(real.cause, Second(False, problem=why)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ended(again: Rerun) -> str:
    """In words, why the second run did not come to its own end; empty where it did."""
    ending = again.outcome.run.ending
    if ending.kind is EndingKind.TERMINATED:
        return f"the runner got {ending.detail} before the second run was over"
    return ""
