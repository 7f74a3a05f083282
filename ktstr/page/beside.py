# SPDX-License-Identifier: Apache-2.0
"""What lies beside a result, and its page may use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Beside:
    """Of one result.

    trace: what gives the lines of trace.jsonl; raises ValueError where they cannot be read.  links:
    of files, by their names: where the page finds them.
    """

    trace: Callable[[], Iterable[str]] | None = None
    links: Mapping[str, str] = field(default_factory=dict)
