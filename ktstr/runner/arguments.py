# SPDX-License-Identifier: Apache-2.0
"""The runner's command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ktstr.runner.replay import arguments as replay_arguments
from ktstr.runner.replay.arguments import Replay

# Guest seconds that the command of a .shell may take where nothing is said.
_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Command:
    """`text` for the guest's `sh -c`, and the seconds of guest time that it may take."""

    text: str
    timeout_s: float


@dataclass(frozen=True)
class Arguments:
    """`config` is the target's NAME.config.json; `shell` asks for a shell in its guest.

    The shell gets the terminal, or carries out `command`.  replay: one test is played up to an
    instant.  play: trials are played that come on standard input.
    """

    config: Path
    shell: bool
    command: Command | None = None
    replay: Replay | None = None
    play: bool = False


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """Reads the command line.

    Raises:
        SystemExit: with status 3 and a message when it is malformed, 0 after --help.
    """
    parser = _Parser(description="Runs the tests of a ktstr_test target.", allow_abbrev=False)
    parser.add_argument("--config", type=Path, required=True, help="NAME.config.json of the target")
    parser.add_argument("--shell", action="store_true", help="a shell in the guest, not its tests")
    parser.add_argument("--exec", metavar="COMMAND", help="of a .shell: carry this out, and end")
    parser.add_argument(
        "--timeout",
        type=seconds,
        metavar="SECONDS",
        help=f"of --exec, in guest time; default: {_TIMEOUT_S:g}",
    )
    # of `ktstr fuzz`, and no word for people
    parser.add_argument("--play", action="store_true", help=argparse.SUPPRESS)
    replay_arguments.add(parser, count)
    known, others = parser.parse_known_args(argv)
    if known.replay is not None:
        if others:
            parser.error(
                f"unknown argument {others[0]!r}; a .replay takes {replay_arguments.TAKES}"
            )
        wanted = replay_arguments.replay_of(known, parser)
        return Arguments(known.config, shell=False, replay=wanted)
    if replay_arguments.is_asked(known):
        parser.error(f"this is no NAME.replay, which alone takes {replay_arguments.TAKES}")
    if others:
        takes = (
            "a .shell takes nothing, or" if known.shell else "a test takes none; its .shell takes"
        )
        parser.error(
            f"unknown argument {others[0]!r}; {takes} --exec 'COMMAND' [--timeout SECONDS]"
        )
    if known.play and (known.shell or known.exec is not None):
        parser.error("--play is of a test, and not of its .shell")
    if known.exec is None:
        if known.timeout is not None:
            parser.error("--timeout is of --exec 'COMMAND', which is not given")
        return Arguments(known.config, known.shell, play=known.play)
    if not known.shell:
        parser.error(
            "--exec is an argument of NAME.shell: bazel run NAME.shell -- --exec 'COMMAND'"
        )
    if not known.exec.strip() or "\0" in known.exec:
        parser.error(f"--exec {known.exec!r} is no command; give it as one word in quotes")
    return Arguments(known.config, True, Command(known.exec, known.timeout or _TIMEOUT_S))


def count(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise ValueError(text)
    return seconds


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(3, f"{self.prog}: {message}\n")
