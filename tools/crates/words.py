# SPDX-License-Identifier: Apache-2.0
"""What cargo's last words mean, and what a crate's manifest says of its programs.

The texts are those of cargo 1.85 to 1.97 (src/cargo/core/resolver/encode.rs, core/registry.rs,
ops/resolve.rs, ops/registry/info); one that is not known here is passed on as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

# cargo's indented advice after the cause, and its progress before it
_PROGRESS = re.compile(r"\s+(?:Updating|Downloading|Downloaded|Vendoring|Locking|Blocking)\b")
_MISMATCH = (
    "changed between lock files",
    "because --locked was passed",
    "but --locked was passed",
    "failed to parse lock file",
)
_GONE = (
    "could not find `",
    "no matching package named",
    "failed to download",
    "failed to get successful HTTP response",
)


class CrateError(Exception):
    """A crate cannot be had as it was asked for; the text says why and what to do."""


def last_words(text: str) -> str:
    """What cargo said, without its progress, indented for a message of ours."""
    lines = [line for line in text.splitlines() if line.strip() and not _PROGRESS.match(line)]
    return "\n".join("    " + line.rstrip() for line in lines[-20:]) or "    (nothing)"


def explain(asked: str, text: str) -> CrateError:
    """The error for what cargo said when it was to fetch all that a crate's lock names."""
    words = f"  cargo said:\n{last_words(text)}"
    if any(part in text for part in _MISMATCH):
        return CrateError(
            f"{asked}: its Cargo.lock does not match what it locks.\n{words}\n"
            "  Give another Cargo.lock (attribute `lock`), or take another version of the crate."
        )
    if any(part in text for part in _GONE):
        return CrateError(
            f"{asked}: a crate that its Cargo.lock names is not to be had.\n{words}\n"
            "  Give a Cargo.lock without that crate (attribute `lock`), or another registry in the "
            "machine's cargo configuration."
        )
    return CrateError(
        f"{asked}: cargo does not fetch what it needs.\n{words}\n"
        "  The registry and proxies are those of the machine's cargo configuration."
    )


def not_there(asked: str, crate: str, text: str) -> CrateError:
    """The error for a scheduler's own crate that cargo does not find."""
    return CrateError(
        f"{asked}: the registry does not give it: gone, yanked, or never there.\n"
        f"  cargo said:\n{last_words(text)}\n"
        f"  Take a version that `cargo info {crate}` names, and its digest; the registry and "
        "proxies are those of the machine's cargo configuration."
    )


def programs(metadata: str) -> list[str]:
    """The programs of the package that `cargo metadata --no-deps` describes, in its order."""
    targets = json.loads(metadata)["packages"][0]["targets"]
    return [target["name"] for target in targets if "bin" in target["kind"]]


def needed(tree: Iterable[str]) -> frozenset[str]:
    """The crates, as NAME-VERSION, in the lines of `cargo tree --prefix none --format '{p}'`."""
    found = (re.match(r"(\S+) v(\S+)", line) for line in tree)
    return frozenset(f"{match[1]}-{match[2]}" for match in found if match)
