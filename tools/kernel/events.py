# SPDX-License-Identifier: Apache-2.0
"""Directories of a kernel that are built without their trace events.

A fragment's comment `# ktstr: no trace events in DIRECTORY` leaves them out, and another one's
`# ktstr: trace events in DIRECTORY` takes them back in.  Code that includes many events'
declarations compiles in half the time without; NOTRACE (include/linux/tracepoint.h of Linux 6.12)
is the kernel's own switch, which no option sets.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tools.kernel.config import EVENTS, ConfigError


@dataclass(frozen=True)
class Events:
    """What a fragment says of the trace events of a directory, as seen from the tree's top."""

    directory: str
    kept: bool
    place: str


def parse_events(name: str, text: str) -> list[Events]:
    """What one fragment says of trace events, in order."""
    matches = ((n, EVENTS.fullmatch(raw.strip())) for n, raw in enumerate(text.split("\n"), 1))
    return [Events(match[2], not match[1], f"{name}:{n}") for n, match in matches if match]


def untraced(said: Iterable[Events], source: pathlib.Path) -> list[str]:
    """The directories to be built without trace events, sorted; `source` is the kernel's tree.

    Raises:
        ConfigError: the kernel has no such directory, or nothing leaves out what is taken back in.
    """
    said = list(said)
    left_out = {events.directory for events in said if not events.kept}
    problems = [
        f"{events.place}: no fragment leaves out the trace events in {events.directory}; remove "
        f"the comment, or correct the directory"
        for events in said
        if events.kept and events.directory not in left_out
    ]
    problems += [
        f"{events.place}: this kernel builds nothing in {events.directory}, which a comment for "
        f"ktstr names; correct the directory or remove the comment"
        for events in said
        if not events.kept and not (source / events.directory / "Makefile").is_file()
    ]
    if problems:
        raise ConfigError("\n".join(problems))
    return sorted(left_out - {events.directory for events in said if events.kept})


def make_variable(directories: Sequence[str]) -> str:
    """The argument of the kernel's make that leaves out the events in these directories.

    CFLAGS_KERNEL (Documentation/kbuild/kbuild.rst) is expanded for each object, `obj` being the
    directory of the Makefile that names it.
    """
    patterns = " ".join(f"{directory} {directory}/%" for directory in directories)
    return f"CFLAGS_KERNEL=$(if $(filter {patterns},$(obj)),-DNOTRACE)"
