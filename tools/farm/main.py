# SPDX-License-Identifier: Apache-2.0
"""A farm for remote execution on this machine: server, cache, database and workers, on loopback.

    tools/bazel run //tools/farm -- [--workers N] [--port P] [--state DIR]

It runs until it is interrupted, and leaves nothing running, not even when it is killed: all of it
lives in a pid namespace, and dies with its first process. The state stays, for the next time.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from runfiles import Runfiles

from ktstr.model.errors import InfraError, UsageError
from tools.farm.parts import directories_of, files_of, parts_of, path_problem, room_problem
from tools.farm.settings import Programs, Settings, properties_of
from tools.farm.supervise import Supervisor

_INSIDE = "KTSTR_FARM_INSIDE"
_PR_SET_PDEATHSIG = 1


def main(argv: Sequence[str]) -> int:
    """Runs the farm; returns an exit status."""
    settings = _settings(argv)
    try:
        if os.environ.get(_INSIDE):
            return _supervise(settings)
        if problem := path_problem(settings):
            raise UsageError(f"farm: {problem}")
        with _locked(settings.state):
            _check_ports(settings)
            if problem := room_problem(settings, shutil.disk_usage(settings.state).free >> 20):
                raise UsageError(f"farm: {problem}")
            return _enter(argv)
    except (InfraError, UsageError) as error:
        print(error, file=sys.stderr)
        return 1


def _settings(argv: Sequence[str]) -> Settings:
    parser = argparse.ArgumentParser(
        prog="farm", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("--state", type=Path, default=cache / "ktstr" / "farm")
    parser.add_argument("--port", type=int, default=Settings.port)
    parser.add_argument("--workers", type=int, default=Settings.workers)
    parser.add_argument("--jobs", type=int, default=Settings.jobs, help="at once, of each worker")
    parser.add_argument("--cache-gib", type=float, default=Settings.cache_mib / 1024)
    parser.add_argument("--keepalive", type=int, default=Settings.keepalive_s, metavar="SECONDS")
    parser.add_argument("--property", action="append", default=[], metavar="KEY=VALUE")
    args = parser.parse_args(argv)
    here = Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    share = memory // max(1, args.workers * args.jobs)
    return Settings(
        state=(here / args.state).resolve(),
        port=args.port,
        workers=args.workers,
        jobs=args.jobs,
        cache_mib=int(args.cache_gib * 1024),
        keepalive_s=args.keepalive,
        properties=(*properties_of(share, os.cpu_count() or 1), *args.property),
        as_root=not os.getuid(),
    )


@contextlib.contextmanager
def _locked(state: Path) -> Iterator[None]:
    """Keeps a second farm off the state.

    Raises:
      UsageError: another one runs there.
    """
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"farm: another farm runs in {state}; stop it, or give --state and --port"
            ) from None
        yield


def _check_ports(settings: Settings) -> None:
    for port in (settings.port, settings.cache_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise UsageError(
                    f"farm: port {port} cannot be had: {error.strerror}; --port takes another"
                ) from None


def _enter(argv: Sequence[str]) -> int:
    """Runs this program again as the first process of a namespace, and stops it when told to."""
    line = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child=KILL"]
    if os.getuid():
        line += ["--user", "--map-current-user"]
    line += [sys.executable, "-s", "-B", str(Path(__file__)), *argv]
    ours = os.getpid()

    def die_with_us() -> None:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != ours:
            os._exit(1)

    environment = {
        **os.environ,
        _INSIDE: "1",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    process = subprocess.Popen(
        line,
        env=environment,
        stdin=subprocess.PIPE,
        preexec_fn=die_with_us,  # noqa: PLW1509 - there is one thread
        start_new_session=True,
    )

    def stop(*_: object) -> None:
        if process.stdin is not None:
            process.stdin.close()

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)
    return process.wait()


def _supervise(settings: Settings) -> int:
    runfiles = Runfiles.Create()
    if runfiles is None:
        raise InfraError("farm: no runfiles; start it with tools/bazel run //tools/farm")

    def located(path: str) -> Path:
        found = runfiles.Rlocation(path)
        if found is None:
            raise InfraError(f"farm: {path} is not among the runfiles")
        return Path(found).resolve()

    programs = Programs(
        root=located("debian_farm/root"),
        site=located("pypi_farm/site/buildgrid/__init__.py").parent.parent,
        python=sys.executable,
    )
    for each in directories_of(settings):
        each.mkdir(parents=True, exist_ok=True)
    for path, text in files_of(programs, settings).items():
        path.write_text(text)
        path.chmod(0o755 if text.startswith("#!") else 0o644)
    supervisor = Supervisor(parts_of(programs, settings), settings.state, _tell)
    try:
        supervisor.start()
        _tell(
            f"ready: {settings.workers} workers; tools/bazel test --config=farm "
            f"--remote_executor=grpc://127.0.0.1:{settings.port} ..."
        )
        supervisor.watch(sys.stdin.fileno())
    finally:
        supervisor.stop()
    return 0


def _tell(line: str) -> None:
    print(f"farm: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
