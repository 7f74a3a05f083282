# SPDX-License-Identifier: Apache-2.0
"""`--play`: plays trials that come on standard input on a target's machine, each in a clone.

What comes of each goes to standard output (`ktstr.fuzz.protocol`). Nothing is left of a trial but
that; it ends with its input, or at a signal.
"""

from __future__ import annotations

import os
import selectors
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ktstr.execute.budget import Budget
from ktstr.execute.execute import run
from ktstr.execute.replay import never_closed_because
from ktstr.fuzz.protocol import VERSION, Play, Played, Ready, line_of, message_of
from ktstr.fuzz.trial import WORKERS
from ktstr.host.accel import Accel
from ktstr.introspect.asking.part import AskingPart
from ktstr.introspect.coverage.ground import GroundPart
from ktstr.introspect.invariants.part import Invariants
from ktstr.introspect.plugin.part import Part
from ktstr.introspect.postmortem.first_cause import ErrorPart
from ktstr.machine.located import machine_files
from ktstr.machine.prepared.accel import AccelChoice
from ktstr.machine.prepared.machine import PreparedMachine, prepare
from ktstr.machine.target import Target
from ktstr.model.errors import UsageError
from ktstr.model.scenario.scenario import CgroupDef, defs
from ktstr.model.verdict.checks import Checks
from ktstr.model.verdict.kinds import Kind
from ktstr.runner.cases.case import Case
from ktstr.runner.cases.planning import plan_of
from ktstr.runner.exit_status import ExitStatus
from ktstr.runner.files import RunfilesTree
from ktstr.runner.identity import sha256_of
from ktstr.runner.play.answer import LONGEST_S, answer_of, refused
from ktstr.vm.signals import Termination

# The name of every trial's test: the same scenario, the same run.
_TEST, _SOURCE = "found", "found.py"
# Guests of one player: the saved one is worth making.
_MANY = 1 << 20


def run_player(target: Target, temp_dir: Path | None, termination: Termination) -> ExitStatus:
    """Says what the machine is, and plays what comes.

    Raises:
        UsageError: no two runs on this machine are alike.
        InfraError: a file is missing, or the machine cannot be made ready.
    """
    tree = RunfilesTree()
    files = machine_files(target, tree.path)
    choice = AccelChoice(Accel.VIRTUAL, "a trial needs it")
    with tempfile.TemporaryDirectory(prefix="ktstr-play-", dir=temp_dir) as folder:
        outputs = Path(folder)
        with prepare(target, files, choice, outputs, termination, tests=_MANY) as machine:
            why = never_closed_because(machine)
            if why:
                raise UsageError(f"{target.label} cannot be fuzzed: {why}")
            scheduler = plan_of(_case(None), target).scheduler
            layer = tree.path(target.scheduler.layer) if target.scheduler else None
            ready = Ready(
                VERSION,
                target.label,
                target.topology,
                target.numa,
                scheduler,
                sha256_of(files.kernel),
                sha256_of(layer) if layer else "",
            )
            _say(line_of(ready))
            player = _Player(target, machine, outputs, termination)
            for line in _lines(termination):
                _say(line_of(player.played(message_of(Play, line))))
    return ExitStatus.OK


@dataclass(frozen=True)
class _Player:
    target: Target
    machine: PreparedMachine
    outputs: Path
    termination: Termination

    def played(self, play: Play) -> Played:
        """What comes of one trial."""
        began = time.monotonic()
        ground = GroundPart()
        parts: tuple[Part, ...] = (Invariants(), ErrorPart(), AskingPart())
        folder = self.outputs / str(play.number)
        try:
            plan = plan_of(_case(play), self.target, self.machine.disks.disks)
            outcome = run(
                plan,
                self.machine,
                folder,
                self.termination,
                budget=Budget(began + LONGEST_S),
                looks=(*parts, ground) if play.covers else parts,
            )
        except UsageError as error:
            return refused(play, Kind.USAGE, str(error), time.monotonic() - began)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        stretches = ground.stretches if play.covers else ()
        return answer_of(play, outcome, stretches, ground.lacks, time.monotonic() - began)


def _case(play: Play | None) -> Case:
    """A case that plays the trial; None: one that is not played."""
    return Case(
        name=_TEST,
        source=_SOURCE,
        line=1,
        in_guest=False,
        duration_s=play.trial.duration_s if play else 1.0,
        workers_per_cgroup=WORKERS,
        checks=play.checks if play else Checks(),
        expect_fail=None,
        timeout_s=60.0,
        scheduler_args=(),
        scenario=play.trial.scenario if play else defs(CgroupDef()),
    )


def _say(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


def _lines(termination: Termination) -> Iterator[str]:
    """Lines of standard input, until it ends or a signal comes."""
    waiting = b""
    with selectors.DefaultSelector() as selector:
        selector.register(termination, selectors.EVENT_READ)
        selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
        while True:
            if termination in {key.fileobj for key, _ in selector.select()}:
                return
            data = os.read(sys.stdin.fileno(), 1 << 16)
            if not data:
                return
            waiting += data
            *whole, waiting = waiting.split(b"\n")
            yield from (line.decode() for line in whole)
