# SPDX-License-Identifier: Apache-2.0
"""Package stanzas, as apt prints them and as an archive's Packages files hold them (deb822)."""

from __future__ import annotations

import re
from typing import TypedDict


class Locked(TypedDict):
    """One package of the lock. path: below the mirror's root; sizes in bytes."""

    name: str
    version: str
    path: str
    sha256: str
    size: int
    installed_bytes: int


def parse_stanzas(text: str) -> list[dict[str, str]]:
    """Field -> value for each stanza; continuation lines are dropped."""
    stanzas = []
    for block in re.split(r"\n\s*\n", text.strip()):
        fields = (
            line.split(":", 1) for line in block.splitlines() if line[:1].strip() and ":" in line
        )
        stanzas.append({key: value.strip() for key, value in fields})
    return stanzas


def locked(stanza: dict[str, str]) -> Locked:
    """A lock entry of one package stanza."""
    return Locked(
        name=stanza["Package"],
        version=stanza["Version"],
        path=stanza["Filename"],
        sha256=stanza["SHA256"],
        size=int(stanza["Size"]),
        installed_bytes=int(stanza["Installed-Size"]) * 1024,
    )
