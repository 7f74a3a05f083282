# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of a job, and says of each way to have no results what it is."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ktstr.delta.ending import run_to_end
from ktstr.delta.side import Job
from ktstr.history.events import Invocation, read_events
from ktstr.model.errors import UsageError

Tell = Callable[[str], None]

# Bazel's src/main/java/com/google/devtools/build/lib/util/ExitCode.java, 7.7
_DONE, _TESTS_FAILED, _NO_TESTS = 0, 3, 4
# What its client ends with where it was stopped.
_INTERRUPTED = 8
# A pattern that leads nowhere has the exit code of a build that fails, and another name.
_PARSING = "PARSING_FAILURE"
_SEED = "TEST_RANDOM_SEED"


def build(job: Job, who: str, events: Path, tell: Tell) -> None:
    """Builds the tests of a job.

    Raises:
        UsageError: they cannot be built, or there is no such target.
    """
    _run(job, who, ["build", "--build_tests_only"], events, tell)


def test(job: Job, who: str, events: Path, tell: Tell, seed: int | None = None) -> Invocation:
    """Runs the tests of a job; what the build events tell of it.

    seed: which is drawn (ktstr/runner/repetition.py), and then no old verdict of Bazel's is taken.

    Raises:
        UsageError: none is there, or they cannot be built.
    """
    if seed is None:
        return _run(job, who, ["test"], events, tell)
    # by the environment: other options would have Bazel analyse all anew
    anew = ["test", "--nocache_test_results", f"--test_env={_SEED}"]
    return _run(job, who, anew, events, tell, {_SEED: str(seed)})


def shut_down(job: Job) -> None:
    """Ends the server of a job."""
    run_to_end([job.program, *job.startup, "shutdown"], job.workspace)


def _run(
    job: Job,
    who: str,
    words: Sequence[str],
    events: Path,
    tell: Tell,
    environ: Mapping[str, str] | None = None,
) -> Invocation:
    events.unlink(missing_ok=True)
    command = [
        job.program,
        *job.startup,
        *words,
        f"--build_event_json_file={events}",
        "--experimental_convenience_symlinks=ignore",
        *job.flags,
        "--",
        *job.targets,
    ]
    tell(f"{who}: {shlex.join(command)}")
    code = run_to_end(command, job.workspace, environ)
    named = shlex.join(job.targets)
    if code == _NO_TESTS:
        raise UsageError(f"{who}: {named} has no tests")
    if code == _INTERRUPTED:
        raise UsageError(f"{who}: Bazel was interrupted, so nothing is told")
    if code not in (_DONE, _TESTS_FAILED):
        name = read_events(events).exit_name if events.exists() else ""
        if name == _PARSING:
            raise UsageError(f"{who}: there is no target {named}; what Bazel says is above")
        raise UsageError(
            f"{who} does not build: Bazel ended with {code}"
            f"{f' ({name})' if name else ''}; what it says is above"
        )
    return read_events(events)
