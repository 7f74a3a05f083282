# SPDX-License-Identifier: Apache-2.0
"""Finds the tests of a target in a child process that cannot hurt the runner."""

from __future__ import annotations

import json
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from ktstr.host.descendants import kill_group
from ktstr.machine.target import Target
from ktstr.model.codec import decode, encode
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.exit_status import describe_code
from ktstr.runner.cases.case import Discovery, DiscoveryRequest
from ktstr.runner.cases.selection import Selection
from ktstr.runner.cases.sources import Sources

DEADLINE_S = 30.0
MAX_OUTPUT = 1 << 20
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop()); "
    "from ktstr.runner.cases.discovery_child import main; sys.exit(main(sys.argv))"
)
_STACK_WAIT_S = 2.0
_STACK_PAUSE_S = 0.3
_FRAME = re.compile(r'  File "(?P<file>[^"]+)", line (?P<line>\d+)')


class HasFileno(Protocol):
    """What can be waited for."""

    def fileno(self) -> int:
        """The descriptor that becomes readable."""


def discovery_request(target: Target, sources: Sources, selection: Selection) -> DiscoveryRequest:
    """What is asked about the selected tests of `target`, whose files are `sources`."""
    return DiscoveryRequest(
        sources=sources.tests,
        import_roots=sources.roots,
        pattern=selection.pattern,
        shard_index=selection.shard.index,
        shard_total=selection.shard.total,
        topology=target.topology,
        numa=target.numa,
        seed=target.seed,
    )


def discover(
    request: DiscoveryRequest, termination: HasFileno, deadline_s: float = DEADLINE_S
) -> Discovery:
    """Imports the sources and calls the selected scenarios, all in a child process.

    `termination` becomes readable when the runner is to end.

    Raises:
        UsageError: an import raised, exited, printed more than 1 MiB or did not end in time; two
            tests have one name, there is none, or the filter matches none.  Messages begin with
            `file:line` where there is one.
        InfraError: the child could not be started, or `termination` came first.
    """
    with _child(request) as child:
        why = _listen(child, termination, deadline_s)
        if why:
            raise UsageError(_stuck(child, request, why))
        if (answer := _last(child, "answer")) is not None:
            return decode(Discovery, answer)
        if (error := _last(child, "error")) is not None:
            raise UsageError(f"{error}{_tail(child)}")
        raise UsageError(_vanished(child))


@dataclass
class _Child:
    process: subprocess.Popen[bytes]
    answer_fd: int
    stack_fd: int
    said: bytearray = field(default_factory=bytearray)
    output: bytearray = field(default_factory=bytearray)


@contextmanager
def _child(request: DiscoveryRequest) -> Iterator[_Child]:
    answer_read, answer_write = os.pipe()
    stack_read, stack_write = os.pipe()
    # Isolated, or Python would look into the working directory and the runner's own before its
    # library: there may be files of the author's, and of ours, that are called as its modules are.
    own = os.path.dirname(os.path.abspath(__file__))
    path = [entry for entry in sys.path if entry and os.path.abspath(entry) != own]
    command = [sys.executable, "-I", "-B", "-c", _START]
    command += [json.dumps(encode(request)), str(answer_write), str(stack_write), json.dumps(path)]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(answer_write, stack_write),
            start_new_session=True,
        )
    except OSError as error:
        os.close(answer_read)
        os.close(stack_read)
        raise InfraError(f"cannot start {command[0]} to enumerate the tests: {error}") from error
    finally:
        os.close(answer_write)
        os.close(stack_write)
    assert process.stdout is not None
    try:
        yield _Child(process, answer_read, stack_read)
    finally:
        kill_group(process)
        process.stdout.close()
        os.close(answer_read)
        os.close(stack_read)


def _listen(child: _Child, termination: HasFileno, deadline_s: float) -> str:
    """Reads answer and output until the answer is there or the child ends; else why it must end."""
    assert child.process.stdout is not None
    ends_at = time.monotonic() + deadline_s
    sinks = {child.answer_fd: child.said, child.process.stdout.fileno(): child.output}
    with selectors.DefaultSelector() as selector:
        selector.register(termination, selectors.EVENT_READ)
        for descriptor in sinks:
            selector.register(descriptor, selectors.EVENT_READ)
        # What the author's module forked may hold the pipes open: the answer's line decides.
        while child.answer_fd in selector.get_map() and not _has_answered(child):
            for key, _ in selector.select(max(0.0, ends_at - time.monotonic())):
                if key.fileobj is termination:
                    raise InfraError("told to end while the tests were enumerated")
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fd)
                sinks[key.fd].extend(data)
            if time.monotonic() >= ends_at:
                return f"did not end within {deadline_s:g} s"
            if len(child.output) > MAX_OUTPUT:
                return f"printed more than {MAX_OUTPUT >> 20} MiB"
    _drain(child)
    return ""


def _drain(child: _Child) -> None:
    """Takes what was printed before the answer; what a forked process still prints can wait."""
    assert child.process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(child.process.stdout, selectors.EVENT_READ)
        while len(child.output) <= MAX_OUTPUT and selector.select(0):
            data = os.read(child.process.stdout.fileno(), 65536)
            if not data:
                return
            child.output += data


def _has_answered(child: _Child) -> bool:
    return _last(child, "answer") is not None or _last(child, "error") is not None


def _stuck(child: _Child, request: DiscoveryRequest, why: str) -> str:
    """The message for a child that must be killed, with the line it is at."""
    stack = _stack(child)
    names = {source.path: source.name for source in request.sources}
    place = next(
        (
            f"{names[match['file']]}:{match['line']}: "
            for match in _FRAME.finditer(stack)
            if match["file"] in names
        ),
        "",
    )
    return (
        f"{place}{_last(child, 'at')} {why}; what a test module does at import, and a scenario "
        f"function, must end at once: work belongs into the scenario or a @ktstr.test"
        f"{_tail(child)}"
    )


def _stack(child: _Child) -> str:
    """Where the child's Python is, innermost frame first; faulthandler writes it in pieces."""
    os.kill(child.process.pid, signal.SIGUSR1)
    said = bytearray()
    ends_at = time.monotonic() + _STACK_WAIT_S
    with selectors.DefaultSelector() as selector:
        selector.register(child.stack_fd, selectors.EVENT_READ)
        while selector.select(max(0.0, ends_at - time.monotonic())):
            data = os.read(child.stack_fd, 65536)
            if not data:
                break  # the signal has ended it: it had no handler, or not yet
            said += data
            ends_at = min(ends_at, time.monotonic() + _STACK_PAUSE_S)
    return said.decode(errors="replace")


def _vanished(child: _Child) -> str:
    """The message for a child that closed its answer without giving one."""
    try:
        status = child.process.wait(_STACK_WAIT_S)
    except subprocess.TimeoutExpired:
        ended = "closed the descriptors of its process"
    else:
        ended = f"ended the Python process ({describe_code(status)})"
    return (
        f"{_last(child, 'at')} {ended}; a test module must leave its process alone "
        f"(no os._exit, os.exec*, os.kill){_tail(child)}"
    )


def _last(child: _Child, key: str) -> object:
    """The value of the last whole line of the answer that has `key`."""
    mark = b"{" + json.dumps(key).encode() + b":"
    for line in reversed(child.said.splitlines(keepends=True)):
        if line.startswith(mark) and line.endswith(b"\n"):
            return json.loads(line)[key]
    return None


def _tail(child: _Child) -> str:
    text = bytes(child.output).decode(errors="replace").rstrip()
    return f"\nIt printed, at the end:\n{text[-2000:]}" if text else ""
