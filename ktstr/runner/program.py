# SPDX-License-Identifier: Apache-2.0
"""What a ktstr_test target does; its exit status is `exit_status.ExitStatus`."""

from __future__ import annotations

import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

from ktstr.host.descendants import become_subreaper, kill_descendants
from ktstr.machine.load import load_target
from ktstr.model.errors import InfraError, UsageError
from ktstr.runner.arguments import parse_arguments
from ktstr.runner.bazel import BazelTest
from ktstr.runner.exit_status import ExitStatus
from ktstr.runner.packing import outputs_are_packed
from ktstr.runner.run import run_target
from ktstr.runner.shell.command import COMMAND_ERROR, run_command
from ktstr.runner.shell.terminal import run_shell
from ktstr.vm.signals import Termination


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Runs the tests, or the shell, of the target that `argv` names."""
    arguments = parse_arguments(argv)
    become_subreaper()
    environment: BazelTest | None = None
    label = str(arguments.config)
    wrong: int = ExitStatus.ERROR if arguments.command is None else COMMAND_ERROR
    status: int
    try:
        environment = BazelTest.read(environ, packs_outputs=outputs_are_packed())
        environment.enter()
        target = load_target(arguments.config)
        label = target.label
        if arguments.command is not None:
            with Termination() as termination:
                temp = environment.temp_dir
                status = run_command(target, arguments.command, temp, termination)
        elif arguments.replay is not None:
            from ktstr.runner.replay.replay import run_replay  # tests need not load it

            with Termination() as termination:
                temp = environment.temp_dir
                status = run_replay(target, arguments.replay, temp, termination)
        elif arguments.play:
            from ktstr.runner.play.playing import run_player  # of `ktstr fuzz` alone

            with Termination() as termination:
                status = run_player(target, environment.temp_dir, termination)
        elif arguments.shell:
            status = run_shell(target, environment.temp_dir)
        else:
            with Termination() as termination:
                status = run_target(target, environment, _outputs(environment), termination)
    except (UsageError, InfraError) as error:
        # what a command prints is for a script to read
        told = sys.stdout if arguments.command is None else sys.stderr
        print(f"ERROR {label}: {error}", file=told, flush=True)
        status = wrong
    except Exception:  # noqa: BLE001 - a bug of ours must not look like a scheduler's failure
        traceback.print_exc()
        print("ERROR this is a bug in ktstr's runner, not in the scheduler; please report it")
        status = wrong
    left = kill_descendants()
    if environment is not None:
        if left:
            environment.warn(f"killed what the tests left on this machine: {', '.join(left)}")
        environment.leave()
    return int(status)


def _outputs(environment: BazelTest) -> Path:
    if environment.outputs_dir is not None:
        return environment.outputs_dir.absolute()
    return Path(tempfile.mkdtemp(prefix="ktstr-outputs-", dir=environment.temp_dir))
