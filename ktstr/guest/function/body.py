# SPDX-License-Identifier: Apache-2.0
"""The process of a test function: loads the function, runs it, and says how it ended."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Any, NoReturn

from ktstr.guest.function.context import Context
from ktstr.guest.function.in_vain import InVain
from ktstr.guest.function.link import LinkType, RemoteSubject, RemoteWitness
from ktstr.guest.function.skipped import Skipped
from ktstr.guest.source import function_of
from ktstr.guest.system.cgroups import workload_tree
from ktstr.guest.system.comm import set_comm
from ktstr.guest.system.oom import ORDINARY, set_oom_score
from ktstr.guest.system.port import FramePort
from ktstr.guest.system.reactor import Reactor
from ktstr.guest.system.realtime import BELOW_AGENT, shield
from ktstr.model.errors import InfraError, TestFailure, Unanswered
from ktstr.model.function_end import FunctionEnd
from ktstr.model.plan import SOURCES_DIR
from ktstr.model.verdict.checks import Verdict
from ktstr.model.wire.witness import FUNCTION_COMM

if TYPE_CHECKING:
    from ktstr.guest.scenario.population import Stage
    from ktstr.model.plan import Plan


def run_body(plan: Plan, stage: Stage, link: int, answers: int, output: int) -> NoReturn:
    """Runs the plan's function in this process, just forked, and ends the process.

    `link` and `answers` lead to and from the agent (link.AgentEnd); the function's output goes to
    `output`, its input is empty.
    """
    port, own = FramePort(link), os.getpid()
    try:
        _settle(output)
        done = _run(plan, stage, port, answers)
        # a copy that the function forked and that returned, too, must not speak for it
        if os.getpid() == own:
            port.forward(LinkType.DONE, done)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        # neither atexit handlers nor threads of the function may keep the process
        os._exit(0)


def _settle(output: int) -> None:
    os.setsid()
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    shield(BELOW_AGENT)
    set_comm(FUNCTION_COMM)
    set_oom_score(ORDINARY)


def _run(plan: Plan, stage: Stage, port: FramePort, answers: int) -> dict[str, Any]:
    reactor = Reactor()
    own = plan.scheduler
    name, ops = (own.name, own.ops) if own is not None else ("", "")
    subject = RemoteSubject(name, ops, port, answers, reactor)
    witness = RemoteWitness(subject) if plan.witness else None
    context = Context(
        plan, stage, workload_tree(plan.workload_root), reactor, port, subject, witness
    )
    outcome, detail, verdict = FunctionEnd.RETURNED, "", ""
    try:
        try:
            function_of(plan.source, plan.function or "")(context)
        except BaseException:
            # how the function ended comes first
            try:
                context.close()
            except InfraError:
                traceback.print_exc()
            raise
        context.close()
    except Skipped as skipped:
        detail, verdict = str(skipped), Verdict.SKIP.value
    except TestFailure as failure:
        detail, verdict = str(failure), Verdict.FAIL.value
        traceback.print_exc()
    except (Unanswered, InVain) as silence:
        detail, verdict = str(silence), Verdict.INCONCLUSIVE.value
        traceback.print_exc()
    except SystemExit as leave:
        outcome, detail = FunctionEnd.EXITED, f"sys.exit({leave.code!r})"
        traceback.print_exc()
    except BaseException as error:  # noqa: BLE001 - whatever the function raised is its outcome
        outcome, detail = FunctionEnd.RAISED, _summary(error, plan.source)
        traceback.print_exc()
    return {
        "outcome": outcome.value,
        "detail": detail,
        "verdict": verdict,
        "notes": context.notes,
    }


def _summary(error: BaseException, source: str) -> str:
    """`ValueError: text (at tests/x.py:12)`: the innermost line of the author's own file."""
    path = os.path.join(SOURCES_DIR, source)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == path]
    where = f" (at {source}:{own[-1].lineno})" if own else ""
    text = "".join(traceback.format_exception_only(error)).strip()
    return f"{text}{where}"
