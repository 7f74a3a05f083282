# SPDX-License-Identifier: Apache-2.0
"""`NAME.drgn`: one test of a target, stopped in its guest's kernel, with drgn on this terminal."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from ktstr.execute.budget import UNLIMITED
from ktstr.execute.parts import parts
from ktstr.host.accel import Accel
from ktstr.introspect.debugger.stop import Stop
from ktstr.introspect.plugin.hold import Held
from ktstr.machine.located import MachineFiles, machine_files
from ktstr.machine.prepared.accel import AccelChoice
from ktstr.machine.prepared.machine import prepare
from ktstr.machine.target import Target
from ktstr.model.errors import InfraError, UsageError
from ktstr.runner.arguments import Drgn
from ktstr.runner.cases.case import Case
from ktstr.runner.cases.discovery import discover, discovery_request
from ktstr.runner.cases.selection import Selection
from ktstr.runner.cases.sources import sources_of
from ktstr.runner.exit_status import ExitStatus
from ktstr.runner.files import RunfilesTree
from ktstr.runner.guest_env import guest_environment
from ktstr.runner.session import Session
from ktstr.vm.signals import Termination


def run_drgn(
    target: Target, wanted: Drgn, temp_dir: Path | None, termination: Termination
) -> ExitStatus:
    """Runs one test until its guest comes to the place that is wanted, and opens drgn there.

    The guest stands meanwhile, and ends with drgn: no verdict comes of it.

    Raises:
        UsageError: no single test is meant, the kernel has no such function, or the test has ended
            without coming there.
        InfraError: a file is missing, or drgn cannot be started.
    """
    tree = RunfilesTree()
    sources = sources_of(target, tree)
    request = discovery_request(target, sources, Selection(wanted.test))
    case = _only(discover(request, termination).cases)
    files = machine_files(target, tree.path)
    stop = Stop(wanted.place, lambda held: _open(wanted, files, case.name, held))
    choice = AccelChoice(Accel.VIRTUAL, "drgn needs it")
    with tempfile.TemporaryDirectory(prefix="ktstr-drgn-", dir=temp_dir) as folder:
        outputs = Path(folder)
        with prepare(target, files, choice, outputs, termination, tests=1) as machine:
            variables = guest_environment(target, os.environ)
            session = Session(
                target,
                machine,
                sources,
                outputs,
                UNLIMITED,
                termination,
                variables,
                (*parts(), stop),
            )
            print(f"{target.label}: runs {case.name} up to {_words(wanted)}", flush=True)
            (outcome,) = session.run((case,), lambda _: None)
    if stop.reached:
        return ExitStatus.OK
    if stop.problem:
        raise UsageError(f"{case.name} cannot be stopped at {_words(wanted)}: {stop.problem}")
    raise UsageError(
        f"{case.name} has ended ({outcome.judgement.verdict.upper()}) without coming to "
        f"{_words(wanted)}"
    )


def _only(cases: tuple[Case, ...]) -> Case:
    """The only test that is meant. Raises UsageError."""
    if len(cases) != 1:
        names = ", ".join(case.name for case in cases)
        raise UsageError(f"drgn looks into the guest of one test; say --test NAME, one of: {names}")
    return cases[0]


def _words(wanted: Drgn) -> str:
    place = wanted.place
    function = place.function or "a tick"
    times = f", time {place.hit}" if place.hit > 1 else ""
    return function + times + (f", after {place.after_s:g} s" if place.after_s else "")


def _open(wanted: Drgn, files: MachineFiles, test: str, held: Held) -> None:
    """Has drgn look at the guest, on this terminal, until it ends.

    Raises:
        InfraError: it cannot be started.
    """
    title = f"{test} stands at {_words(wanted)}, on CPU {held.cpu}; it ends with this session."
    words = [str(wanted.program), "--pid", str(held.pid), "--title", title]
    words += ["--vmlinux", str(files.kernel), "--index", str(files.kernel_index)]
    words += ["--registers", json.dumps(held.registers)]
    words += ["--script", str(wanted.script)] if wanted.script else []
    try:
        status = subprocess.call(words)
    except OSError as error:
        raise InfraError(f"cannot start {words[0]}: {error}") from error
    if status:
        raise InfraError(f"drgn ended with status {status}; its message is above")
