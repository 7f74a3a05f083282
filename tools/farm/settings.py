# SPDX-License-Identifier: Apache-2.0
"""Where a farm's programs and its state are, and how large it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# What actions ask for (rules/private/build/properties.bzl): a worker says each class that it holds.
_MEMORY_MIB = (4096, 16384, 65536, 262144)
_CPUS = tuple(2 << power for power in range(8))


def properties_of(mib: int, cpus: int) -> tuple[str, ...]:
    """The properties of a worker that has so much memory, and so many CPUs, for each action.

    That user namespaces are allowed is one of them: no farm starts where they are refused.
    """
    memory = [f"ktstr-memory={each}" for each in _MEMORY_MIB if each <= mib]
    named = (f"ktstr-cpus={each}" for each in _CPUS if each <= cpus)
    return ("ktstr-namespaces=yes", *memory, *named)


@dataclass(frozen=True)
class Programs:
    """What a farm consists of.

    Attributes:
      root: an unpacked Debian root with buildbox, bubblewrap and PostgreSQL.
      site: the directory that the wheels of BuildGrid, and of all it imports, are installed in.
      python: the Python that runs it.
    """

    root: Path
    site: Path
    python: str


@dataclass(frozen=True)
class Settings:
    """One farm.

    Attributes:
      state: the directory of its database, caches, logs and sockets.
      port: the server's, on loopback; the cache's is the next one.
      workers: how many.
      jobs: actions at once, of each worker.
      cache_mib: at most this much in the server's cache, and half of it in each worker's.
      keepalive_s: a worker that says nothing for so long is dead, and its action goes to another.
      properties: KEY=VALUE that workers say of themselves.
      as_root: whether it runs as root, and so may give parts another user.
    """

    state: Path
    port: int = 8980
    workers: int = 2
    jobs: int = 1
    cache_mib: int = 20 << 10
    keepalive_s: int = 30
    properties: tuple[str, ...] = ()
    as_root: bool = False

    @property
    def cache_port(self) -> int:
        """The port of the cache behind the server."""
        return self.port + 1
