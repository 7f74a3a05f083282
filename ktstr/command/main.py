# SPDX-License-Identifier: Apache-2.0
"""The program `ktstr`: tools/bazel run //:ktstr -- COMMAND ..."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Sequence

from ktstr.command.context import Context
from ktstr.command.parser import COMMANDS, FORWARDING, parser_of
from ktstr.model.errors import KtstrError
from ktstr.model.nearest import did_you_mean

_ERROR = 3


def main(arguments: Sequence[str], context: Context) -> int:
    """Does what a command line asks; returns the exit code.

    Raises:
        SystemExit: after --help, and for a command line that is malformed.
    """
    own, rest = _split(arguments)
    parser = parser_of()
    name = next((word for word in own if not word.startswith("-")), "")
    if name and name not in COMMANDS:
        near = did_you_mean(name, COMMANDS)
        parser.error(f"there is no command {name!r}{near}; there are {', '.join(COMMANDS)}")
    options = parser.parse_args(own)
    if rest and options.command not in FORWARDING:
        parser.error(f"{options.command} takes nothing behind --; {', '.join(FORWARDING)} do")
    options.rest = rest
    try:
        code: int = COMMANDS[options.command].run(options, context)
    except KtstrError as error:
        context.tell(str(error))
        code = _ERROR
    except BrokenPipeError:
        # the reader has seen enough
        _give_up_output()
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except OSError as error:
        context.tell(f"the system refused what was asked of it: {error}")
        code = _ERROR
    except Exception as error:  # noqa: BLE001 - Python's own exit code says: something is worse
        context.tell(*traceback.format_exc().splitlines())
        context.tell(f"an error of ktstr itself, which is to be reported: {error!r}")
        code = _ERROR
    return _flushed(context, code)


def _flushed(context: Context, code: int) -> int:
    """The exit code, once the answer is where it should be."""
    try:
        context.out.flush()
    except BrokenPipeError:
        _give_up_output()
        return 128 + signal.SIGPIPE
    except OSError as error:
        _give_up_output()
        context.tell(f"cannot write the answer: {error.strerror}")
        return _ERROR
    return code


def _give_up_output() -> None:
    """Python is not to find out again, at its end, that nobody takes the rest."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """What is ours, and what stands behind `--`: argparse would look for ours there, too."""
    if "--" not in arguments:
        return arguments, ()
    place = list(arguments).index("--")
    return arguments[:place], arguments[place + 1 :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Context.of(os.environ)))
