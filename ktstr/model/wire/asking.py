# SPDX-License-Identifier: Apache-2.0
"""What a program in the guest asks the host for at an exact instant, and what it is answered.

Who asks calls prctl(OPTION, request, its bytes, reply, its bytes): pointers into its own memory.
The kernel knows no such option and says EINVAL (kernel/sys.c, prctl()), which is all that happens
where nobody listens.  Where somebody does, the vCPU stands still at the entry of the call until the
reply is in its buffer.

Both begin with a head: `REQUEST` or `REPLY`, which name the version, u32 number of the request,
u32 bytes of the body, little endian.  The body is JSON (`ktstr.model.codec`) of one of `Request`,
or of an `Answer`.
"""

from __future__ import annotations

import struct
from enum import StrEnum
from typing import Any

from ktstr.model.errors import InfraError
from ktstr.model.parameters import Parameters, parameters
from ktstr.model.wire.places import Key

# include/uapi/linux/prctl.h of Linux 7.2: options are small numbers, or texts of four letters that
# a subsystem chose ("VMA" 0x53564d41, "Yama" 0x59616d61); this one is "ktAs"
OPTION = 0x6B744173
REQUEST = b"KTASK\0\0\1"
REPLY = b"KTREP\0\0\1"
MAX_REQUEST = 4096
MAX_REPLY = 64 << 10
_HEAD = struct.Struct("<8sII")


class Outcome(StrEnum):
    """What came of a request.

    done: it was carried out.  no_such: the kernel or the scheduler has nothing of that name, or a
    value does not fit: the author's mistake.  unable: the host cannot tell.
    """

    DONE = "done"
    NO_SUCH = "no_such"
    UNABLE = "unable"


@parameters
class ReadKernel(Parameters):
    """The value of a kernel's variable: `place` is `name`, `name.field`, `name[2].field`.

    cpu: whose, of a variable that each CPU has.  type: the structure that the variable is, e.g.
    `task_struct`, where the kernel's BTF does not say it.
    """

    place: str
    cpu: int | None = None
    type: str = ""


@parameters
class WriteKernel(Parameters):
    """Sets such a variable, which must be a number; answers the value that it had."""

    place: str
    value: int
    cpu: int | None = None
    type: str = ""


@parameters
class ReadMap(Parameters):
    """The value of one entry of a BPF map; of a map with one for each CPU, the list of them.

    field: the part of it, e.g. `nr_queued` or `hist[2]`; empty: all of it.
    """

    map: str
    key: Key
    field: str = ""


@parameters
class WriteMap(Parameters):
    """Sets a number in an entry of a BPF map; answers the value that it had.

    cpu: whose, of a map with one for each CPU.
    """

    map: str
    key: Key
    field: str
    value: int
    cpu: int | None = None


@parameters
class TakeSnapshot(Parameters):
    """Has the host keep all that it can see now, under a name."""

    name: str


Request = ReadKernel | WriteKernel | ReadMap | WriteMap | TakeSnapshot


@parameters
class Question(Parameters):
    """What a request's body is."""

    request: Request


@parameters
class Answer(Parameters):
    """`value` as JSON has it, of what was read; `words` say why there is none."""

    outcome: Outcome
    value: Any = None
    words: str = ""


def pack(kind: bytes, number: int, body: bytes) -> bytes:
    """The bytes of a request or a reply."""
    return _HEAD.pack(kind, number, len(body)) + body


def head_bytes() -> int:
    """How many bytes precede the body."""
    return _HEAD.size


def body_bytes(head: bytes) -> int:
    """How many bytes of body a head tells of."""
    return int(_HEAD.unpack(head)[2])


def unpack(kind: bytes, data: bytes) -> tuple[int, bytes] | None:
    """Number and body; None if `data` holds nothing of this kind.

    Raises:
        InfraError: it is of another version, or cut short.
    """
    if len(data) < _HEAD.size:
        return None
    found, number, length = _HEAD.unpack_from(data)
    if found[:5] != kind[:5]:
        return None
    if found != kind:
        raise InfraError(f"guest and host speak different versions: {found!r} is not {kind!r}")
    body = data[_HEAD.size : _HEAD.size + length]
    if len(body) != length:
        raise InfraError(f"{length} bytes of a body were promised, {len(body)} are there")
    return number, body
