# SPDX-License-Identifier: Apache-2.0
"""A farm to do harm to: started on ports that are free, its processes by part, and its blobs."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psutil
from runfiles import Runfiles

_PROGRAM = "_main/tools/farm/farm"
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_DEADLINE_S = 120.0
_ATTEMPTS = 20
WORKERS = ("worker0", "worker1")
_CACHES = ("cas", *(f"{worker}/cas" for worker in WORKERS))


class Farm:
    """A context: a farm of two workers, and its state, which goes with it.

    Args:
      options: further options of //tools/farm.
      prepare: a shell command that runs in a mount namespace of the farm's before it, with the
        state's path as $1.
    """

    def __init__(self, *options: str, prepare: str = "") -> None:
        self._options, self._prepare = options, prepare
        self._process: subprocess.Popen[bytes] | None = None
        self._seen = ""

    def __enter__(self) -> Farm:
        # Not Bazel's directory for it, whose path is too long for sockets.
        self._folder = Path(tempfile.mkdtemp(prefix="ktstr-farm-", dir="/tmp"))
        self.state = self._folder / "state"
        self.state.mkdir()
        self.port = free_ports(2)
        try:
            self._start()
            self.await_line("farm: ready: ")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_DEADLINE_S)
            # Whatever is left dies with it.
            self._process.kill()
            self._process.wait()
            assert self._process.stderr is not None
            self._process.stderr.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> None:
        runfiles = Runfiles.Create()
        assert runfiles is not None
        program = runfiles.Rlocation(_PROGRAM)
        assert program is not None
        line = [program, "--state", str(self.state), "--port", str(self.port), *self._options]
        if self._prepare:
            user = ["--user", "--map-root-user"] if os.getuid() else []
            script = f'{self._prepare} && shift && exec "$@"'
            line = ["unshare", "--mount", *user, "sh", "-c", script, "sh", str(self.state), *line]
        self._process = subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, **runfiles.EnvVars()},
            preexec_fn=_die_with_us,  # noqa: PLW1509 - there is one thread
        )

    def await_line(self, text: str) -> None:
        """Waits until the farm has said `text` after what was last waited for.

        Raises:
          AssertionError: it ended, or did not say so in time; what it said is shown.
        """
        assert self._process is not None
        assert self._process.stderr is not None
        while text not in self._seen:
            ready, _, _ = select.select([self._process.stderr], [], [], _DEADLINE_S)
            read = os.read(self._process.stderr.fileno(), 65536) if ready else b""
            if not read:
                raise AssertionError(f"the farm did not say {text!r}:\n{self._seen}")
            self._seen += read.decode(errors="replace")
        self._seen = self._seen.partition(text)[2]

    def tree(self, part: str) -> list[psutil.Process]:
        """The part's process and all below it; the first is the part. Empty: it does not run."""
        assert self._process is not None
        for each in psutil.Process(self._process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if _part_of(each.cmdline(), self.state) == part:
                    return [each, *each.children(recursive=True)]
        return []

    def holder(self, word: str) -> tuple[str, int]:
        """The worker, and its pid, that has started a process whose command line has the word.

        Raises:
          AssertionError: none has.
        """
        for part in WORKERS:
            for each in self.tree(part)[1:]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    if any(word in argument for argument in each.cmdline()):
                        return part, self.tree(part)[0].pid
        raise AssertionError(f"no worker runs {word}")

    def kill(self, *parts: str) -> None:
        """Kills parts with all below them, at once, and waits for their ends."""
        doomed = [each for part in parts for each in self.tree(part)]
        for each in doomed:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        _, left = psutil.wait_procs(doomed, _DEADLINE_S)
        assert not left, left

    def lose(self, digests: Sequence[str]) -> list[str]:
        """Removes blobs from all caches of the farm; gives those that none had."""
        missed = []
        for digest in digests:
            there = self._blobs(digest)
            for path in there:
                path.unlink()
            if not there:
                missed.append(digest)
        return missed

    def falsify(self, digest: str) -> None:
        """Turns the first byte of a blob in the server's cache, and takes it from the workers'."""
        data = self._blobs(digest)[0].read_bytes()
        self.lose([digest])
        path = self.state / "cas" / _blob(digest)
        path.write_bytes(bytes([data[0] ^ 1]) + data[1:])

    def _blobs(self, digest: str) -> list[Path]:
        found = [self.state / cache / _blob(digest) for cache in _CACHES]
        return [path for path in found if path.exists()]


def _blob(digest: str) -> Path:
    """Where casd keeps a blob, below its directory."""
    return Path("cas/objects") / digest[:2] / digest[2:]


def _die_with_us() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def free_ports(count: int) -> int:
    """The first of `count` successive ports on loopback that nobody listens on."""
    for _ in range(_ATTEMPTS):
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
            with contextlib.suppress(OSError, OverflowError):
                sockets[0].bind(("127.0.0.1", 0))
                first: int = sockets[0].getsockname()[1]
                for offset, each in enumerate(sockets[1:], 1):
                    each.bind(("127.0.0.1", first + offset))
                return first
    raise AssertionError(f"no {count} successive ports are free")


def _part_of(line: Sequence[str], state: Path) -> str:
    """The part whose command line this is, or ""."""
    if not line:
        return ""
    programs = [Path(word).name for word in line[:4]]
    if "buildbox-casd" in programs:
        home = Path(line[-1]).parent
        return "cache" if home == state else f"{home.name}.cache"
    if "buildbox-worker" in programs:
        return line[-1]
    if line[-3:-1] == ["server", "start"]:
        return "server"
    return "database" if "bwrap" in programs else ""
