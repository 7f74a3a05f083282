# SPDX-License-Identifier: Apache-2.0
"""What the recorder saw in a guest that fails once more in real time (ktstr/sampler, recorder.c).

The host says in a file of the test's layer what is to be recorded; the guest passes on what its
recorder tells, packed, since the line to the host is slow.
"""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ktstr.model.errors import InfraError
from ktstr.model.wire.frames import FrameType

# far beyond what a recorder tells: a guest may send anything
_MOST_BYTES = 64 << 20


class Labour(StrEnum):
    """What the recorder does while the test waits for it."""

    LOADING = "loading of the recorder"
    CALLBACKS = "recording of the scheduler's callbacks"
    TELLING = "telling of what was recorded"


# Seconds for each of them in the guest, in real time, on a slow host beside others' work: a program
# is verified and compiled for each end of each function, and thousands of records are sent.
LABOUR_S: Mapping[Labour, float] = {
    Labour.LOADING: 90.0,
    Labour.CALLBACKS: 60.0,
    Labour.TELLING: 60.0,
}


@dataclass(frozen=True)
class Recorded:
    """All that was told: `packed` lines of JSON.  error: why there is nothing, or less."""

    frame_type = FrameType.RECORDED
    packed: str
    error: str = ""

    @classmethod
    def of(cls, lines: list[bytes], error: str = "") -> Recorded:
        """The lines, packed."""
        text = zlib.compress(b"\n".join(lines))
        return cls(binascii.b2a_base64(text, newline=False).decode("ascii"), error)

    def lines(self) -> list[bytes]:
        """The lines again.

        Raises:
            InfraError: it is not what `of` made.
        """
        try:
            unpacking = zlib.decompressobj()
            text = unpacking.decompress(binascii.a2b_base64(self.packed), _MOST_BYTES)
        except (ValueError, zlib.error) as error:
            raise InfraError(f"what the guest's recorder tells is damaged: {error}") from None
        if unpacking.unconsumed_tail:
            raise InfraError(f"the guest's recorder tells more than {_MOST_BYTES >> 20} MiB")
        return text.splitlines()
