# SPDX-License-Identifier: Apache-2.0
"""Versions of released kernels, ranges of them, and what stands in a specification of kernels.

A specification is one of `6.14.2` (this release), `6.14` (the newest of the series), `6.15-rc3`,
`6.12..6.14` (both ends included; a series as the upper end is meant whole), `git+URL#REF`, or the
path of a source tree.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from functools import total_ordering
from pathlib import PurePosixPath

_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?:-rc(\d+))?")


class SpecError(Exception):
    """A specification that cannot be read or met; the text quotes it and says what to write."""


@total_ordering
@dataclass(frozen=True)
class Version:
    """M.m, M.m.p or M.m-rcN.  `patch` is None where none is written; rc None is a release."""

    major: int
    minor: int
    patch: int | None = None
    rc: int | None = None

    @classmethod
    def parse(cls, text: str) -> Version:
        """Raises SpecError: the text has another form."""
        match = _VERSION.fullmatch(text)
        if match is None:
            raise SpecError(f"{text!r} is no kernel version; write e.g. 6.14.2, 6.14 or 6.15-rc3")
        major, minor, patch, rc = (None if part is None else int(part) for part in match.groups())
        assert major is not None and minor is not None
        if patch is not None and rc is not None:
            raise SpecError(f"{text!r}: candidates (-rc) have no patch level; write e.g. 6.15-rc3")
        return cls(major, minor, patch, rc)

    @property
    def series(self) -> tuple[int, int]:
        return self.major, self.minor

    @property
    def names_series(self) -> bool:
        """Whether this is `M.m`, which stands for the newest release of a series."""
        return self.patch is None and self.rc is None

    @property
    def file_version(self) -> str:
        """As upstream's archives have it: the first release of a series is M.m, not M.m.0."""
        return str(self) if self.patch else str(Version(self.major, self.minor, None, self.rc))

    def __str__(self) -> str:
        patch = "" if self.patch is None else f".{self.patch}"
        return f"{self.major}.{self.minor}{patch}" + ("" if self.rc is None else f"-rc{self.rc}")

    def __lt__(self, other: Version) -> bool:
        return self._key() < other._key()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[int, int, int, int, int]:
        released = self.rc is None
        return self.major, self.minor, self.patch or 0, int(released), self.rc or 0


@dataclass(frozen=True)
class Range:
    """Releases from `low` to `high`, both included; `high` as M.m includes its whole series."""

    low: Version
    high: Version

    @classmethod
    def parse(cls, text: str) -> Range:
        """Reads LOW..HIGH.

        Raises:
          SpecError: an end is no version, or the range is the wrong way round.
        """
        low, high = (Version.parse(end) for end in text.split("..", 1))
        found = cls(low, high)
        if high < low and not found.holds(low):
            raise SpecError(f"{text!r} is the wrong way round; write {high}..{low}")
        return found

    def holds(self, version: Version) -> bool:
        """Whether the version lies in the range."""
        if version < self.low:
            return False
        if self.high.names_series:
            return version.series <= self.high.series
        return version <= self.high

    def series(self) -> list[tuple[int, int]]:
        """The series that it spans, as far as numbers tell: of a range within one major version."""
        if self.low.major != self.high.major:
            return [self.low.series, self.high.series]
        return [(self.low.major, m) for m in range(self.low.minor, self.high.minor + 1)]

    def __str__(self) -> str:
        return f"{self.low}..{self.high}"


@dataclass(frozen=True)
class Git:
    """A revision of a repository: a branch, a tag, or a whole commit id."""

    remote: str
    ref: str

    @property
    def is_commit(self) -> bool:
        """Whether the revision names its content, and so cannot move."""
        return re.fullmatch(r"[0-9a-f]{40}", self.ref) is not None


@dataclass(frozen=True)
class Tree:
    """A source tree on this machine, as its path is written."""

    path: str


Spec = Version | Range | Git | Tree


def parse_spec(text: str) -> Spec:
    """What a specification asks for.

    Raises:
      SpecError: it is none of the known forms, or contradicts itself.
    """
    if text.startswith("git+"):
        remote, mark, ref = text.removeprefix("git+").partition("#")
        if not remote or not mark or not ref:
            raise SpecError(f"{text!r}: write git+URL#REF, REF being a branch, a tag or a commit")
        return Git(remote, ref)
    if ".." in text and all(end[:1].isdigit() for end in text.split("..", 1)):
        return Range.parse(text)
    if "/" in text or text.startswith((".", "~")):
        return Tree(text)
    try:
        return Version.parse(text)
    except SpecError:
        raise SpecError(
            f"{text!r} names no kernel; write a version (6.14.2, 6.14, 6.15-rc3), a range "
            "(6.12..6.14), git+URL#REF, or a path with a slash (./linux)"
        ) from None


def label(spec: Version | Git | Tree) -> str:
    """The name of a kernel in targets and results: kernel_6_14_2, kernel_git_OWNER_REPO_REF,
    kernel_path_BASENAME_CRC, the last being six digits of the written path's CRC-32."""
    if isinstance(spec, Version):
        return _name(str(spec))
    if isinstance(spec, Git):
        parts = re.split(r"[/:]", re.sub(r"^\w+://[^/]*", "", spec.remote).rstrip("/"))
        parts = [part for part in parts if part][-2:]
        repository = " ".join(part.removesuffix(".git") for part in parts)
        return _name(f"git {repository} {spec.ref}")
    path = PurePosixPath(spec.path)
    return _name(f"path {path.name} {zlib.crc32(str(path).encode()) & 0xFFFFFF:06x}")


def _name(identity: str) -> str:
    return "kernel_" + re.sub(r"[^a-z0-9]+", "_", identity.lower()).strip("_")
