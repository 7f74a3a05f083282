# SPDX-License-Identifier: Apache-2.0
"""Verdicts on an accelerator, remembered for as long as the host stays up."""

from __future__ import annotations

import json
import os
import pwd
import stat
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Verdict:
    """Whether an accelerator works, and in words what was tried and what happened.

    seconds: how long finding out took; cached: whether that was in an earlier process.
    """

    usable: bool
    words: str
    seconds: float
    cached: bool = False


class VerdictCache:
    """One verdict, in the user's cache directory under the digest of all that it depends on.

    Bazel's sandbox leaves the home directory read-only, but not /dev/shm, which a reboot clears,
    as it does the truth of a verdict. Where neither can be written the cache stays empty.
    """

    def __init__(self, identity: str, directories: tuple[Path, ...] | None = None) -> None:
        self._directories = _directories() if directories is None else directories
        self._name = f"kvm-{identity[:32]}.json"

    def load(self) -> Verdict | None:
        """The verdict, or None when there is none that can be read and trusted."""
        for directory in self._directories:
            path = directory / self._name
            try:
                if path.stat().st_uid != os.getuid():
                    continue
                return Verdict(**json.loads(path.read_text()))
            except (OSError, ValueError, TypeError):
                continue
        return None

    def store(self, verdict: Verdict) -> None:
        """Remembers the verdict in the first directory that can be written."""
        for directory in self._directories:
            try:
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                if not _is_private(directory):
                    continue
                for old in directory.glob("kvm-*.json"):
                    old.unlink()  # of an earlier boot, QEMU or kernel
                partial = directory / f".{self._name}.{os.getpid()}"
                partial.write_text(json.dumps(asdict(verdict)))
                partial.rename(directory / self._name)
                return
            except OSError:
                continue


def _directories() -> tuple[Path, ...]:
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return (cache / "ktstr" / "probe", Path(f"/dev/shm/ktstr-{os.getuid()}"))


def _is_private(directory: Path) -> bool:
    status = directory.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
