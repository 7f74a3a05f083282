# SPDX-License-Identifier: Apache-2.0
"""`NAME.replay`: one test of a target, played up to an instant, where somebody looks."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from ktstr.execute.budget import UNLIMITED
from ktstr.host.accel import Accel
from ktstr.introspect.instant.place import Place
from ktstr.introspect.instant.walk import function_of_name
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.machine.located import machine_files
from ktstr.machine.machine import qemu_of
from ktstr.machine.prepared.accel import AccelChoice, choose_accel, room_of
from ktstr.machine.prepared.machine import prepare
from ktstr.machine.target import Target
from ktstr.model.errors import UsageError
from ktstr.result import result_pb2
from ktstr.runner.cases.case import Case
from ktstr.runner.cases.discovery import discover, discovery_request
from ktstr.runner.cases.selection import Selection
from ktstr.runner.cases.sources import sources_of
from ktstr.runner.exit_status import ExitStatus
from ktstr.runner.files import RunfilesTree
from ktstr.runner.guest_env import guest_environment
from ktstr.runner.identity import identity_of
from ktstr.runner.replay.arguments import Look, Of, Replay
from ktstr.runner.replay.kept import kept
from ktstr.runner.replay.known import Known, at_once
from ktstr.runner.replay.looker import Drgn, Looker, Printed
from ktstr.runner.replay.player import Player
from ktstr.runner.session import Session
from ktstr.vm.kvm.probe import kvm_verdict
from ktstr.vm.signals import Termination

# what `bazel run` tells
_WORKSPACE = "BUILD_WORKSPACE_DIRECTORY"
# guests of one replay: the run to its end, the walk, and those that stand in reserve
_GUESTS = 8


def run_replay(
    target: Target, wanted: Replay, temp_dir: Path | None, termination: Termination
) -> ExitStatus:
    """Plays one test up to the place that is wanted, and has somebody look at the guest there.

    The guest stands meanwhile, and ends with whoever looks: no verdict comes of it.

    Raises:
        UsageError: no single test is meant, its run is not closed, or there is no such place in it.
        InfraError: a file is missing, or who is to look cannot be started.
    """
    tree = RunfilesTree()
    sources = sources_of(target, tree)
    request = discovery_request(target, sources, Selection(wanted.test))
    case = _only(discover(request, termination).cases)
    files = machine_files(target, tree.path)
    own = choose_accel(
        target.accel, lambda: kvm_verdict(qemu_of(files), tree.probe_guest()), room_of(target)
    )
    if own.accel is not Accel.VIRTUAL:
        print(
            f"{target.label}: its tests run under {own.accel}, and no two runs there are the same; "
            f"this is the run that it has in virtual time",
            flush=True,
        )
    kernel = Kernel.open(files.kernel, files.kernel_index)
    choice = AccelChoice(Accel.VIRTUAL, "a replay needs it")
    with tempfile.TemporaryDirectory(prefix="ktstr-replay-", dir=temp_dir) as folder:
        outputs = Path(folder)
        with prepare(target, files, choice, outputs, termination, tests=_GUESTS) as machine:
            variables = guest_environment(target, os.environ)
            session = Session(target, machine, sources, outputs, UNLIMITED, termination, variables)
            dwarf = tree.path(target.kernel.dwarf) if target.kernel.dwarf else None
            player = Player(session, case, kernel, dwarf)
            player.check_closed()
            if wanted.function:
                function_of_name(kernel, wanted.function)
            known = _known(player, wanted, lambda: _result(player, tree, choice))
            place = known.place(wanted, kernel) if known else _unplayed(wanted)
            print(f"{player.title}: plays it up to {place}", flush=True)
            if known is None or wanted.look is not Look.GDB:
                once = Printed if wanted.look is Look.PRINT else Drgn
                _played(player, place, once(wanted, player, known))
            else:
                _debugged(player, place, wanted, known)
    return ExitStatus.OK


def _known(
    player: Player, wanted: Replay, kept: Callable[[], result_pb2.Result | None]
) -> Known | None:
    """What its run says of its instants, where that is asked for or may be; else None.

    `kept` gives the result that there may be of this very run, which knows its times alone.
    """
    of = wanted.when.of if wanted.when is not None else None
    if wanted.look is not Look.GDB and of in (None, Of.GUEST):
        return None
    if of not in (Of.EVENT, Of.FAILURE):
        result = kept()
        known = Known.of_result(result) if result is not None else None
        if known is not None:
            print(f"{player.title}: its instants are those of its last test", flush=True)
            return known
    print(f"{player.title}: plays it to its end, for its instants", flush=True)
    return player.whole(decisions=of is Of.EVENT)


def _result(player: Player, tree: RunfilesTree, choice: AccelChoice) -> result_pb2.Result | None:
    """The result of its last test, where that was this very run; only Bazel says where it is."""
    workspace = os.environ.get(_WORKSPACE)
    if not workspace:
        return None
    session = player.session
    identity = identity_of(session.target, tree.path, session.machine.spec, choice)
    return kept(player, identity, Path(workspace))


def _unplayed(wanted: Replay) -> Place:
    """Where it is to stand, of which nobody has to know the run."""
    if wanted.when is None:
        return Place(wanted.function, wanted.hit)
    return at_once(wanted, wanted.when.count)


def _debugged(player: Player, place: Place, wanted: Replay, known: Known) -> None:
    # nobody but who waits for gdb loads what that needs
    from ktstr.runner.replay.debugger import Debugger

    with Debugger(wanted, player, known) as debugger:
        _played(player, debugger.first(place), debugger)


def _played(player: Player, place: Place, looker: Looker) -> None:
    """Plays it up to one place after another, until nobody looks any more.

    Raises:
        UsageError: it did not come to one of them.
    """
    following: Place | None = place
    while following is not None:
        place = following
        walked = player.walk(place, looker.stood)
        if not walked.reached:
            raise walked.without(place)
        if not walked.killed:
            looker.ended(walked.known)
            return
        following = looker.next()


def _only(cases: tuple[Case, ...]) -> Case:
    """The only test that is meant. Raises UsageError."""
    if len(cases) != 1:
        names = ", ".join(case.name for case in cases)
        raise UsageError(f"a replay is of one test; say --test NAME, one of: {names}")
    return cases[0]
