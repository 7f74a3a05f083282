# SPDX-License-Identifier: Apache-2.0
"""Calls the `after` function of a test that has passed, and weighs what it says."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from ktstr.after.child import Ended, Told
from ktstr.after.finished import Finished, finished
from ktstr.after.saved import SavedSources, unpack
from ktstr.host.descendants import kill_group
from ktstr.judge.after import AfterResult
from ktstr.judge.judgement import Judgement
from ktstr.model.codec import decode, encode
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.exit_status import describe_code
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord

DEADLINE_S = 30.0
# for what watches over the function, to end all that came of it
_GRACE_S = 20.0
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop()); "
    "from ktstr.after.child import main; sys.exit(main(sys.argv))"
)
_TAIL = 2000


def with_after(run: RunRecord, judgement: Judgement, saved: SavedSources) -> Judgement:
    """The judgement of a run with what its `after` function says of it: a PASS may fail by that.

    Nothing else changes by it, and it is not called on a run that has not passed.

    Raises:
        InfraError: its process cannot be started.
    """
    if judgement.verdict is not Verdict.PASS:
        why = "the run has not passed, so that it was not called"
        return replace(judgement, after=AfterResult(saved.function, why=why))
    try:
        found = _call(finished(run, judgement.statistics), saved)
    except UsageError as error:
        message = f"{saved.source}: after={saved.function} of test {saved.test}: {error}"
        result = AfterResult(saved.function, (), Verdict.INCONCLUSIVE, str(error))
        return _ended(judgement, result, [Detail(Kind.USAGE, message, Verdict.INCONCLUSIVE)])
    if not found:
        words = f"{saved.function} found nothing against it afterwards"
        evidence = (*judgement.evidence, words)
        result = AfterResult(saved.function, (), Verdict.PASS)
        return replace(judgement, after=result, evidence=evidence)
    details = [
        Detail(Kind.AFTER, f"{saved.function}: {text}", Verdict.FAIL, saved.function)
        for text in found
    ]
    return _ended(judgement, AfterResult(saved.function, tuple(found), Verdict.FAIL), details)


def _ended(judgement: Judgement, result: AfterResult, details: list[Detail]) -> Judgement:
    assert result.verdict is not None
    return replace(
        judgement,
        verdict=result.verdict,
        details=(*details, *judgement.details),
        after=result,
    )


def _call(run: Finished, saved: SavedSources) -> list[str]:
    """What the function says against the run.

    Raises:
        UsageError: it cannot be called, or says what is no answer.
        InfraError: its process cannot be started.
    """
    key = secrets.token_hex()
    with (
        tempfile.TemporaryDirectory(prefix="ktstr-after-") as folder,
        tempfile.TemporaryFile() as answer,
    ):
        top = Path(folder, "sources")
        unpack(saved, top)
        printed = _played(run, saved, top, answer, key)
        said = _read(answer)
    # its process is the author's, and so may be what stands in the file
    if isinstance(said, dict) and said.pop("key", None) == key:
        match said:
            case {"error": str(error)}:
                raise UsageError(_sendable(f"{error}{printed}"))
            case {"found": [*found]} if all(isinstance(text, str) for text in found):
                return [_sendable(text) for text in found]
    raise UsageError(f"it ended its process without an answer{printed}")


def _read(file: BinaryIO) -> Any:
    """The JSON that stands in a file; None where there is none."""
    file.seek(0)
    try:
        return json.loads(file.read())
    except (ValueError, RecursionError):
        return None


def _sendable(text: str) -> str:
    """The text without halves of characters, which no result can hold."""
    return text.encode(errors="backslashreplace").decode()


def _played(run: Finished, saved: SavedSources, top: Path, answer: BinaryIO, key: str) -> str:
    """Runs the process; returns what it printed, in words."""
    # not by the runner's own folder: the author's files come from `top` alone
    path = [entry for entry in sys.path if entry]
    arguments = [str(top), saved.source, saved.test, json.dumps(path)]
    # of the environment nothing counts, and sets have the same order each time
    environment = {"PYTHONHASHSEED": "0", "PATH": os.defpath}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as ended:
        told = Told(run, answer.fileno(), ended.fileno(), key, DEADLINE_S)
        try:
            process = subprocess.Popen(
                [sys.executable, "-s", "-P", "-B", "-c", _START, *arguments],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(told.answer, told.ended),
                cwd=top,
                env=environment,
            )
        except OSError as error:
            raise InfraError(f"cannot start Python for after={saved.function}: {error}") from error
        try:
            process.communicate(json.dumps(encode(told)).encode(), DEADLINE_S + _GRACE_S)
        except subprocess.TimeoutExpired:
            pass  # what watches over it was stopped
        finally:
            kill_group(process)
        output.seek(0)
        tail = output.read()[-_TAIL:].decode(errors="replace").strip()
        how = _read(ended)
    printed = f"\nIt printed, at the end:\n{tail}" if tail else ""
    if how is None and process.returncode > 0:
        raise InfraError(f"what watches over after={saved.function} failed{printed}")
    if how is None:
        raise UsageError(
            f"it ended the process that watches over it "
            f"({describe_code(process.returncode)}){printed}"
        )
    end = decode(Ended, how)
    if end.late:
        raise UsageError(f"it did not end within {DEADLINE_S:g} s{printed}")
    if end.code:
        raise UsageError(f"it ended its process ({describe_code(end.code)}){printed}")
    return printed
