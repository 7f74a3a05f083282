# SPDX-License-Identifier: Apache-2.0
"""The programs of a farm, in the order in which they start: what runs each, and when it is ready.

buildbox's programs are Debian's and start through the loader of their own root, as they want newer
libraries than a machine may have. The actions that they start see this machine, not that root.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.farm import server
from tools.farm.settings import Programs, Settings

_LOADER = "usr/lib64/ld-linux-x86-64.so.2"
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_POSTGRES = "/usr/lib/postgresql/18/bin"
_DATABASE_SOCKET = "pg/socket/.s.PGSQL.5432"
# sun_path of unix(7), without its NUL.
_SOCKET_MAX = 107
# PostgreSQL refuses to run as root, which it is not inside its user namespace.
_USER = "1000"
_PASSWD = f"farm:x:{_USER}:{_USER}::/pg:/bin/sh\n"
# A worker's cache links files into place only for a user that is not its own, and else copies them,
# for each action anew. As another user it still has to read, and to remove, what actions leave.
_ANOTHER_USER = (
    *("setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups"),
    *("--inh-caps=+dac_override,+fowner", "--ambient-caps=+dac_override,+fowner"),
)
# What caches leave free on their disk: with less they keep nothing, and every upload fails.
_RESERVED_MIB = 2048
# Actions inherit a worker's environment: let it be small.
_PATH = "/usr/local/bin:/usr/bin:/bin"

# What the wheel's own script does, whose first line names a path of another place.
_BGD = "from buildgrid.server.app import cli; cli()"

_RUNNER = """\
#!/bin/sh
exec {loader} --library-path {libraries} {program} "$@"
"""


@dataclass(frozen=True)
class Part:
    """One program of a farm.

    Attributes:
      name: for messages, and of its log.
      command: what runs it.
      environment: all of its environment.
      before: commands that must succeed before it starts, each once for a state: name -> command.
      port: it is ready when it listens there, on loopback.
      file: it is ready when this file is there and has the text `says`.
      says: see `file`.
      called: whether it is a server that answers calls, at its port or at the socket `file`: one
        that hangs is killed.
      grace: whether it is asked to end, and waited for; what others leave survives a kill.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    port: int = 0
    file: Path | None = None
    says: str = ""
    called: bool = False
    grace: bool = False


def parts_of(programs: Programs, settings: Settings) -> list[Part]:
    """The parts of a farm, in the order in which they start; they stop in the other one."""
    state = settings.state
    workers = [_worker(programs, settings, index) for index in range(settings.workers)]
    return [
        _database(programs, state),
        _cache(programs, settings),
        _server(programs, settings),
        *(part for pair in workers for part in pair),
    ]


def files_of(programs: Programs, settings: Settings) -> dict[Path, str]:
    """What must be in the state before anything starts: file -> text; scripts begin with `#!`."""
    loader, _, libraries, program = _foreign(programs, "usr/bin/buildbox-run-hosttools")
    socket = settings.state / "pg" / "socket"
    return {
        settings.state / "passwd": _PASSWD,
        settings.state / "server.yml": server.configuration(settings, socket),
        settings.state / "buildbox-run": _RUNNER.format(
            loader=shlex.quote(loader),
            libraries=shlex.quote(libraries),
            program=shlex.quote(program),
        ),
    }


def directories_of(settings: Settings) -> list[Path]:
    """The directories that must be there before anything starts."""
    state = settings.state
    workers = [state / f"worker{index}" for index in range(settings.workers)]
    return [state / "log", state / "done", state / "pg" / "socket", state / "cas", *workers]


def path_problem(settings: Settings) -> str | None:
    """What is wrong with the state's path, or None."""
    longest = max(
        len(bytes(settings.state / name)) for name in (_DATABASE_SOCKET, "worker999/casd.sock")
    )
    if longest <= _SOCKET_MAX:
        return None
    return (
        f"the path {settings.state} is too long by {longest - _SOCKET_MAX} bytes for the sockets "
        "below it; give a shorter --state"
    )


def room_problem(settings: Settings, free_mib: int) -> str | None:
    """What is wrong with so much free space on the state's disk, or None."""
    if free_mib > _RESERVED_MIB:
        return None
    return (
        f"{free_mib} MiB are free on the disk of {settings.state}, and the caches leave "
        f"{_RESERVED_MIB} MiB alone, so that they would keep nothing; give --state on another one"
    )


def _foreign(programs: Programs, path: str) -> tuple[str, ...]:
    root = programs.root
    return str(root / _LOADER), "--library-path", str(root / _LIBRARIES), str(root / path)


def _database(programs: Programs, state: Path) -> Part:
    line = [*_foreign(programs, "usr/bin/bwrap"), "--unshare-user", "--uid", _USER, "--gid", _USER]
    line += ["--unshare-net", "--die-with-parent", "--tmpfs", "/", "--dev", "/dev"]
    line += ["--ro-bind", str(programs.root / "usr"), "/usr"]
    for name in ("bin", "lib", "lib64"):
        line += ["--symlink", f"usr/{name}", f"/{name}"]
    line += ["--tmpfs", "/tmp", "--ro-bind", str(state / "passwd"), "/etc/passwd"]
    line += ["--bind", str(state / "pg"), "/pg", "--chdir", "/pg", "--clearenv"]
    line += ["--setenv", "PATH", "/usr/bin", "--setenv", "LC_ALL", "C", "--"]
    made = [f"{_POSTGRES}/initdb", "-D", "/pg/data", "-U", "farm", "-A", "trust"]
    made += ["--no-sync", "-E", "UTF8", "--locale=C"]
    run = [f"{_POSTGRES}/postgres", "-D", "/pg/data", "-k", "/pg/socket"]
    run += ["-c", "listen_addresses=", "-c", "shared_buffers=32MB"]
    return Part(
        name="database",
        command=(*line, *run),
        before={"initdb": (*line, *made)},
        # Its eighth line says what the server is doing (src/include/utils/pidfile.h).
        file=state / "pg" / "data" / "postmaster.pid",
        says="\nready",
        grace=True,
    )


def _cache(programs: Programs, settings: Settings) -> Part:
    options = [f"--bind=127.0.0.1:{settings.cache_port}", "--log-level=warning"]
    options += [*_bounds(settings.cache_mib), str(settings.state / "cas")]
    return Part(
        name="cache",
        command=(*_foreign(programs, "usr/bin/buildbox-casd"), *options),
        port=settings.cache_port,
        called=True,
    )


def _bounds(mib: int) -> tuple[str, str]:
    return f"--quota-high={mib}M", f"--reserved={_RESERVED_MIB}M"


def _server(programs: Programs, settings: Settings) -> Part:
    url = server.database_url(settings.state / "pg" / "socket")
    bgd = (programs.python, "-s", "-B", "-c", _BGD)
    environment = {"PATH": _PATH, "PYTHONPATH": str(programs.site)}
    return Part(
        name="server",
        command=(*bgd, "server", "start", str(settings.state / "server.yml")),
        environment=environment,
        before={"migrate": (*bgd, "migrate", "apply", url)},
        port=settings.port,
        called=True,
    )


def _worker(programs: Programs, settings: Settings, index: int) -> tuple[Part, Part]:
    """A worker and its cache, as on a machine of its own."""
    name = f"worker{index}"
    home = settings.state / name
    door = home / "casd.sock"
    options = [f"--bind=unix:{door}", f"--cas-remote=http://127.0.0.1:{settings.cache_port}"]
    options += [*_bounds(settings.cache_mib // 2), "--log-level=warning"]
    environment = {"PATH": _PATH, "HOME": str(home), "LANG": "C.UTF-8"}
    cache = Part(
        name=f"{name}.cache",
        command=(
            *(_ANOTHER_USER if settings.as_root else ()),
            *_foreign(programs, "usr/bin/buildbox-casd"),
            *options,
            str(home / "cas"),
        ),
        environment=environment,
        file=door,
        called=True,
    )
    line = [*_foreign(programs, "usr/bin/buildbox-worker")]
    line += [f"--bots-remote=http://127.0.0.1:{settings.port}", f"--cas-remote=unix:{door}"]
    # Longer than a server takes to start again: who gives up sooner throws its action away.
    line += ["--bots-retry-delay=500", "--bots-retry-limit=9"]
    line += [f"--buildbox-run={settings.state / 'buildbox-run'}"]
    # Files that FUSE shows make guests half as fast, and have no O_TMPFILE.
    line += ["--runner-arg=--staging-mode=copy-or-link"]
    # What Bazel's timeout ends may write down its verdict first.
    line += ["--runner-arg=--graceful-shutdown-seconds=15"]
    line += [f"--platform={each}" for each in settings.properties]
    line += [f"--concurrent-jobs={settings.jobs}", "--log-level=warning", name]
    return cache, Part(name=name, command=tuple(line), environment=environment)
