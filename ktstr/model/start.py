# SPDX-License-Identifier: Apache-2.0
"""What makes a guest one of its own when it starts."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ktstr.model.codec import decode, encode
from ktstr.model.errors import UsageError

START_PATH = "/ktstr/start.json"
# in the layer that a guest which is to be saved has instead of a test's
TEMPLATE_PATH = "/ktstr/template"
ENTROPY_BYTES = 64
# HOST_NAME_MAX of Linux
_HOSTNAME_MAX = 64


@dataclass(frozen=True)
class GuestStart:
    """What a guest takes on before anything of its test runs.

    `entropy`: 64 bytes in hexadecimal, for the kernel's random numbers; `wall_ns`: what
    CLOCK_REALTIME shows, in nanoseconds since 1970.
    """

    entropy: str
    hostname: str
    wall_ns: int

    def __post_init__(self) -> None:
        """Raises UsageError: no guest could take this on."""
        try:
            size = len(bytes.fromhex(self.entropy))
        except ValueError:
            size = -1
        if size != ENTROPY_BYTES:
            raise UsageError(
                f"entropy {self.entropy!r} is not {ENTROPY_BYTES} bytes in hexadecimal"
            )
        name = self.hostname
        if not (name.isascii() and name.isprintable() and 0 < len(name) <= _HOSTNAME_MAX):
            raise UsageError(f"{name!r} is no host name: 1 to {_HOSTNAME_MAX} printable characters")
        if self.wall_ns <= 0:
            raise UsageError(f"wall clock {self.wall_ns} ns: a time after 1970 is expected")

    def to_json(self) -> str:
        """The text of `START_PATH`; the same start gives the same bytes."""
        return json.dumps(encode(self), separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> GuestStart:
        """What `to_json` wrote.

        Raises:
            UsageError: the text is something else.
        """
        try:
            data = json.loads(text)
        except ValueError as error:
            raise UsageError(f"GuestStart: no JSON: {error}") from error
        return decode(cls, data)
