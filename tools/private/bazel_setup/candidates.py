# SPDX-License-Identifier: Apache-2.0
"""Which Bazel is at hand, and whether it is new enough and reaches Bazel's registry."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tools.private.bazel_setup.console import say
from tools.private.bazel_setup.errors import SetupError
from tools.private.bazel_setup.process import run

# module(bazel_compatibility) of MODULE.bazel
MINIMUM_VERSION = (7, 4)

_PROBE_SECONDS = 180
# A refusal is asked again after a week: networks and installations change.
_REFUSAL_SECONDS = 7 * 24 * 3600

# A module that no Bazel carries inside itself: resolving it asks the registry.
_PROBE_MODULE = 'module(name = "probe")\nbazel_dep(name = "bazel_skylib", version = "1.7.1")\n'


@dataclass(frozen=True)
class Choice:
    """The Bazel to run: a command, or None for the private one; and why."""

    command: Path | None
    reason: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """Whether one candidate can be used. `time` is in seconds since the epoch."""

    command: str
    usable: bool
    reason: str
    time: float


def choose(wrapper: Path, workspace: Path, cache: Path, environment: Mapping[str, str]) -> Choice:
    """Picks the first candidate that can be used, else the private Bazel.

    Args:
      wrapper: tools/bazel itself, which must not call itself again.
      workspace: the workspace whose .bazelversion and user.bazelrc hold.
      cache: where verdicts are kept.
      environment: PATH and, when bazelisk or Bazel's package delegated to us, BAZEL_REAL.
    Raises:
      SetupError: BAZEL_REAL names nothing that can be run.
    """
    refusals = []
    for name, command in _candidates(wrapper, environment):
        verdict = _verdict(command, workspace, cache, environment)
        if verdict.usable:
            skip = {} if name == "BAZEL_REAL" else {"BAZELISK_SKIP_WRAPPER": "1"}
            return Choice(command, f"{name} at hand: {verdict.reason}", skip)
        refusals.append(verdict.reason)
    return Choice(None, "; ".join(refusals) or "neither bazelisk nor bazel is on PATH")


def _candidates(wrapper: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    real = environment.get("BAZEL_REAL")
    if real:
        path = Path(real)
        if not os.access(path, os.X_OK) or path.is_dir():
            raise SetupError(f"BAZEL_REAL is {real}, which is no program; unset it or name a Bazel")
        if path.resolve() == wrapper.resolve():
            raise SetupError(
                f"BAZEL_REAL is {real}, which is this very wrapper; unset it or name a Bazel"
            )
        yield "BAZEL_REAL", path
        return
    for name in ("bazelisk", "bazel"):
        for directory in environment.get("PATH", "").split(os.pathsep):
            found = shutil.which(name, path=directory) if directory else None
            if found and Path(found).resolve() != wrapper.resolve():
                yield name, Path(found).absolute()
                break


def _verdict(
    command: Path, workspace: Path, cache: Path, environment: Mapping[str, str]
) -> Verdict:
    version_file = workspace / ".bazelversion"
    wanted = version_file.read_text(encoding="utf-8") if version_file.is_file() else ""
    status = command.stat()
    identity = json.dumps([str(command.resolve()), status.st_size, status.st_mtime_ns, wanted])
    kept = cache / "verdicts" / f"{hashlib.sha256(identity.encode()).hexdigest()[:16]}.json"
    known = _read(kept)
    if known:
        return known
    say(f"asking whether {command} can be used (the answer is kept)")
    verdict = _probe(command, workspace, wanted, cache, environment)
    kept.parent.mkdir(parents=True, exist_ok=True)
    _write(kept, json.dumps(asdict(verdict), indent=2) + "\n")
    say(f"{'yes' if verdict.usable else 'no'}: {verdict.reason} (remove {kept} to ask again)")
    return verdict


def _read(kept: Path) -> Verdict | None:
    try:
        verdict = Verdict(**json.loads(kept.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    expired = not verdict.usable and not 0 <= time.time() - verdict.time < _REFUSAL_SECONDS
    return None if expired else verdict


def _write(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(text)
    os.replace(file.name, path)


def _probe(
    command: Path, workspace: Path, wanted: str, cache: Path, environment: Mapping[str, str]
) -> Verdict:
    """Asks for the version, then resolves one module, in a scratch workspace of its own."""
    cache.mkdir(parents=True, exist_ok=True)
    quiet = {**environment, "BAZELISK_SKIP_WRAPPER": "1"}
    with tempfile.TemporaryDirectory(
        prefix="probe-", dir=cache, ignore_cleanup_errors=True
    ) as name:
        scratch = Path(name)
        source = scratch / "source"
        source.mkdir()
        (source / "MODULE.bazel").write_text(_PROBE_MODULE, encoding="utf-8")
        if wanted:
            (source / ".bazelversion").write_text(wanted, encoding="utf-8")
        usable, reason = _ask(command, workspace, source, scratch / "base", quiet)
        return Verdict(str(command), usable, reason, time.time())


def _ask(
    command: Path, workspace: Path, source: Path, base: Path, environment: Mapping[str, str]
) -> tuple[bool, str]:
    try:
        answer = run(
            [command, "--version"],
            deadline_seconds=_PROBE_SECONDS,
            environment=environment,
            directory=source,
        )
        match = re.search(r"\b(\d+)\.(\d+)\.\d+\S*", answer.stdout)
        if answer.returncode or not match:
            return False, f"{command} --version does not work: {_last_line(answer)}"
        if (int(match[1]), int(match[2])) < MINIMUM_VERSION:
            return (
                False,
                f"{command} is Bazel {match[0]}, older than {'.'.join(map(str, MINIMUM_VERSION))}",
            )
        startup = ["--batch", f"--output_base={base}"]
        user_rc = workspace / "user.bazelrc"
        if user_rc.is_file():
            startup.append(f"--bazelrc={user_rc}")
        answer = run(
            [command, *startup, "mod", "graph", "--lockfile_mode=off"],
            deadline_seconds=_PROBE_SECONDS,
            environment=environment,
            directory=source,
        )
    except subprocess.TimeoutExpired:
        return False, f"{command} gave no answer in {_PROBE_SECONDS} s"
    except OSError as error:
        return False, f"{command} cannot be run: {error.strerror}"
    if answer.returncode:
        return (
            False,
            f"{command} (Bazel {match[0]}) does not reach Bazel's registry: {_last_line(answer)}",
        )
    return True, f"{command} is Bazel {match[0]} and reaches Bazel's registry"


def _last_line(answer: subprocess.CompletedProcess[str]) -> str:
    """The line that says most: the first one marked as an error, else the last one."""
    lines = [line.strip() for line in (answer.stdout + answer.stderr).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR", "error", "FATAL"))]
    return (errors or lines[-1:] or [f"exit code {answer.returncode}"])[0][:300]
