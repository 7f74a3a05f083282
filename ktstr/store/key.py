# SPDX-License-Identifier: Apache-2.0
"""Keys of store entries: kind, capacity, and the fingerprint of what made the content."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ktstr.model.errors import UsageError

NO_VERSION = "noversion"
_KIND = re.compile(r"[a-z][a-z0-9_]{0,15}")
_FINGERPRINT = re.compile(rf"{NO_VERSION}|[0-9a-f]{{8,64}}")
_KEY = re.compile(rf"({_KIND.pattern})-([0-9]{{1,9}})m-({_FINGERPRINT.pattern})")
_MIB = 1 << 20


@dataclass(frozen=True)
class Key:
    """`<kind>-<MiB>m-<fingerprint>`: two keys are equal only if their contents are.

    kind: a file system (`btrfs`, `raw`) or another sort of content.  fingerprint: 8 to 64 hex
    digits of whatever decides the content, or `noversion` where no program's version does.

    Raises:
      UsageError: a part is malformed, or the capacity is below 1 MiB.
    """

    kind: str
    capacity_mib: int
    fingerprint: str

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind):
            raise UsageError(
                f"store key: kind {self.kind!r} is not 1 to 16 of a-z, 0-9 and _, a letter first"
            )
        if not 1 <= self.capacity_mib < 10**9:
            raise UsageError(
                f"store key: a capacity of {self.capacity_mib} MiB; at least 1 MiB is needed"
            )
        if not _FINGERPRINT.fullmatch(self.fingerprint):
            raise UsageError(
                f"store key: fingerprint {self.fingerprint!r} is neither 8 to 64 lower-case hex "
                f"digits nor {NO_VERSION!r}"
            )

    def __str__(self) -> str:
        return f"{self.kind}-{self.capacity_mib}m-{self.fingerprint}"


def key_of(kind: str, capacity_bytes: int, fingerprint: str) -> Key:
    """The key of a content of so many bytes.

    Raises:
      UsageError: as Key, and for a capacity that is not a whole number of MiB.
    """
    if capacity_bytes % _MIB:
        raise UsageError(
            f"store key: {capacity_bytes} bytes are not a whole number of MiB "
            f"({capacity_bytes // _MIB} MiB and {capacity_bytes % _MIB} bytes); round the capacity"
        )
    return Key(kind, capacity_bytes // _MIB, fingerprint)


def parse_key(text: str) -> Key:
    """The key that `text` is.

    Raises:
      UsageError: it is none.
    """
    found = _KEY.fullmatch(text)
    if found is None or (found[2] != "0" and found[2].startswith("0")):
        raise UsageError(
            f"{text!r} is no store key: <kind>-<MiB>m-<8 to 64 hex digits or {NO_VERSION}> is"
        )
    return Key(found[1], int(found[2]), found[3])
