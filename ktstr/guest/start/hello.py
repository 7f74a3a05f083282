# SPDX-License-Identifier: Apache-2.0
"""A guest's first words, written by hand.

It imports built-in modules alone until they are out: a guest's way from its first instruction to
hello is paid by every test.  The frame is `FrameType.HELLO` of ktstr/model/wire/frames.py with a
`facts.Hello` as body.
"""

from __future__ import annotations

import binascii
import os
import struct
import termios

from ktstr.guest.system.sysfs import (
    CPUS,
    seen_capacities,
    seen_cores,
    seen_llcs,
    seen_nodes,
    seen_numa,
    text_of,
)

try:
    # built in since Python 3.12; hashlib would import much more
    from _sha2 import sha256  # type: ignore[import-not-found]
except ImportError:
    from hashlib import sha256

PORT = "/dev/ttyS1"
# as in ktstr/model/plan.py and start.py
PLAN = "/ktstr/plan.json"
START = "/ktstr/start.json"
TEMPLATE = "/ktstr/template"


def open_port(path: str = PORT) -> int:
    """The serial port to the host, raw: every byte as it is, none echoed, none waited for."""
    port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    mode = termios.tcgetattr(port)
    mode[0] = mode[1] = mode[3] = 0  # iflag, oflag, lflag: no translation at all
    mode[2] = termios.CS8 | termios.CREAD | termios.CLOCAL | termios.B115200
    termios.tcsetattr(port, termios.TCSANOW, mode)
    return port


def hello_body(plan: bytes) -> dict[str, object]:
    """The fields of `facts.Hello`; CPU lists are the kernel's own texts."""
    return {
        "@kind": "Hello",
        "protocol": 2,
        "kernel_release": os.uname().release,
        "cmdline": text_of("/proc/cmdline"),
        "unknown_arguments": unknown_arguments(
            text_of("/proc/1/cmdline"), text_of("/proc/1/environ")
        ),
        "online": text_of(f"{CPUS}/online"),
        "llcs": seen_llcs(),
        "nodes": seen_nodes(),
        "numa": seen_numa(),
        "cores": seen_cores(),
        "capacities": seen_capacities(),
        "memory_kb": _memory_kb(),
        "clocksource": text_of("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        "plan_digest": digest(plan),
    }


def unknown_arguments(command: str, environment: str) -> list[str]:
    """What the kernel did not know of its command line, from the first process's own.

    Words become arguments and assignments variables, beside HOME and TERM (init/main.c of Linux
    6.12: unknown_bootoption(), envp_init).
    """
    words = command.split("\0")[1:] + environment.split("\0")
    return [word for word in words if word and not word.startswith(("HOME=", "TERM="))]


def digest(plan: bytes) -> str:
    """What hello says of the plan; empty where there is none."""
    return sha256(plan).hexdigest() if plan else ""


def hello_frame(body: dict[str, object]) -> bytes:
    """The bytes of the first frame: type 1, sequence number 0."""
    return framed(hello_text(body))


def hello_text(body: dict[str, object]) -> bytes:
    """The body of the first frame."""
    return _json(body).encode()


def framed(text: bytes) -> bytes:
    """The first frame with the body `text`."""
    crc = binascii.crc32(text, binascii.crc32(struct.pack("<HI", 1, 0)))
    check = binascii.crc32(struct.pack("<IHI", len(text), 1, 0)) & 0xFFFF
    return struct.pack("<4sIHHII", b"KTF1", len(text), 1, check, 0, crc) + text


def write_all(port: int, data: bytes) -> None:
    """Writes all of `data`, however little the port takes at once."""
    view = memoryview(data)
    while view:
        view = view[os.write(port, view) :]


def _memory_kb() -> int:
    first = text_of("/proc/meminfo").partition("\n")[0].split()
    return int(first[1]) if len(first) > 1 else 0


def _json(value: object) -> str:
    # the little of json that Hello needs, in the form json.dumps(sort_keys=True) gives it
    if isinstance(value, dict):
        return "{" + ",".join(f"{_json(key)}:{_json(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    escaped = (c if " " <= c <= "~" and c not in '"\\' else f"\\u{ord(c):04x}" for c in text)
    return '"' + "".join(escaped) + '"'
