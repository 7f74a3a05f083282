# SPDX-License-Identifier: Apache-2.0
"""What NAME.replay is told on its command line."""

from __future__ import annotations

import argparse
import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TAKES = (
    "[--test NAME] [--function FUNCTION] [--hit N] [--at TIME | --at event:N | --before failure "
    "TIME] [--print | --script FILE | --gdb [--port N] [--write]]"
)
_UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_TIME = re.compile(r"(\d+)(?:\.(\d{1,9}))?(s|ms|us|ns)?")
_FAILURE = "failure"
# the plugin counts those that it passes over in 32 bits
_MOST_HITS = 1 << 32


class Of(enum.Enum):
    """What a time counts from."""

    TIME_LINE = "the report's time line"
    GUEST = "the guest's clock"
    FAILURE = "before the failure"
    EVENT = "an event of the trace"


@dataclass(frozen=True)
class When:
    """An instant as somebody says it.

    count: nanoseconds; of EVENT the event's number, from 1.  text: as it was said.
    """

    of: Of
    count: int
    text: str


class Look(enum.Enum):
    """How somebody looks at the guest that stands."""

    DRGN = "drgn"
    PRINT = "print"
    GDB = "gdb"


@dataclass(frozen=True)
class Replay:
    """What is asked of NAME.replay.

    Attributes:
      program: opens drgn.
      test: the one that is played; empty where there is one only.
      function, hit, when: where it is to stand; an empty function: at whatever runs then.
      script: is run in drgn instead of asking.
      port: for gdb; 0: any that is free.
      write: whether gdb may change the guest.
    """

    program: Path
    test: str = ""
    function: str = ""
    hit: int = 1
    when: When | None = None
    look: Look = Look.DRGN
    script: Path | None = None
    port: int = 0
    write: bool = False


def add(parser: argparse.ArgumentParser, count: Callable[[str], int]) -> None:
    """Declares the arguments; `count` reads a number from 1."""
    group = parser.add_argument_group("of NAME.replay")
    group.add_argument("--replay", type=Path, metavar="PROGRAM", help="drgn's; the target says it")
    group.add_argument("--test", default="", help="the test to play, where there are several")
    group.add_argument("--function", default="", help="stand before a call of it, or bpf:NAME")
    group.add_argument("--hit", type=count, default=1, metavar="N", help="before its Nth call")
    group.add_argument("--at", type=instant, metavar="TIME", help="1.5s of the time line, ...")
    group.add_argument("--before", nargs=2, metavar=(_FAILURE, "TIME"), help="5ms before it fails")
    group.add_argument("--print", action="store_true", help="prints what stands there, and ends")
    group.add_argument("--gdb", action="store_true", help="waits for gdb, instead of opening drgn")
    group.add_argument("--port", type=int, default=0, help="of --gdb; default: a free one")
    group.add_argument("--write", action="store_true", help="lets gdb change the guest")
    group.add_argument("--script", type=Path, help="runs this file in drgn instead of asking")


def replay_of(known: argparse.Namespace, parser: argparse.ArgumentParser) -> Replay:
    """What was asked; ends the program, as `parser` does, where it makes no sense."""
    if known.print + known.gdb + (known.script is not None) > 1:
        parser.error("--print, --gdb and --script exclude each other")
    if (known.port or known.write) and not known.gdb:
        parser.error("--port and --write are of --gdb, which is not given")
    when = known.at
    if known.before is not None:
        if when is not None:
            parser.error("--at and --before exclude each other")
        when = _before(known.before, parser)
    if when is None and not known.function:
        parser.error(f"it is to stand where? A .replay takes {TAKES}")
    if known.hit > 1 and not known.function:
        parser.error("--hit counts calls of --function, which is not given")
    if known.hit > _MOST_HITS:
        parser.error(f"--hit {known.hit}: calls are counted up to {_MOST_HITS}")
    if known.function and when is not None and when.of is Of.EVENT:
        parser.error("--at event:N says the function itself: leave --function out")
    look = Look.PRINT if known.print else Look.GDB if known.gdb else Look.DRGN
    return Replay(
        known.replay,
        known.test,
        known.function,
        known.hit,
        when,
        look,
        known.script,
        known.port,
        known.write,
    )


def is_asked(known: argparse.Namespace) -> bool:
    """Whether anything was said that only a .replay takes."""
    plain = (known.test, known.function, known.hit, known.at, known.before, known.script)
    flags = (known.print, known.gdb, known.port, known.write)
    return plain != ("", "", 1, None, None, None) or any(flags)


def instant(text: str) -> When:
    """`1.5s`, `guest:10.65s` or `event:120`; raises ArgumentTypeError."""
    kind, colon, rest = text.rpartition(":")
    if kind == "event" and rest.isdigit() and int(rest) > 0:
        return When(Of.EVENT, int(rest), text)
    found = _TIME.fullmatch(rest)
    if found is None or (colon and kind != "guest"):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no instant: 1.5s or 20ms as the report's time line counts, guest:10.65s "
            f"of the guest's clock, or event:N of the trace; a function is --function"
        )
    return When(Of.GUEST if colon else Of.TIME_LINE, _ns(found), text)


def _before(words: list[str], parser: argparse.ArgumentParser) -> When:
    found = _TIME.fullmatch(words[1])
    if words[0] != _FAILURE or found is None:
        parser.error(f"--before {' '.join(words)}: say --before failure 5ms")
    return When(Of.FAILURE, _ns(found), f"{words[1]} before the failure")


def _ns(found: re.Match[str]) -> int:
    """Nanoseconds of a time; without a unit it is in seconds."""
    whole, part, unit = found.groups()
    scale = _UNITS[unit or "s"]
    return int(whole) * scale + int(f"{part or 0:0<9}") * scale // 10**9
