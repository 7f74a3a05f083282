# SPDX-License-Identifier: Apache-2.0
"""The agent's first stage, run as a file by /init: says hello, then becomes the agent.

It imports nothing but built-in modules until hello is out, not even `ktstr` (whose package imports
the whole model): a guest's way from its first instruction to hello is paid by every test.
The frame it writes is `FrameType.HELLO` of ktstr/model/frames.py with a `facts.Hello` as body.
"""

from __future__ import annotations

import binascii
import os
import struct
import sys
import termios

try:
    # built in since Python 3.12; hashlib would import much more
    from _sha2 import sha256  # type: ignore[import-not-found]
except ImportError:
    from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PORT = "/dev/ttyS1"
# as in ktstr/model/plan.py and start.py
PLAN = "/ktstr/plan.json"
START = "/ktstr/start.json"
TEMPLATE = "/ktstr/template"
CPUS = "/sys/devices/system/cpu"
_NODES = "/sys/devices/system/node"
_CACHE_LEVELS = 8


def open_port(path: str = PORT) -> int:
    """The serial port to the host, raw: every byte as it is, none echoed, none waited for."""
    port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    mode = termios.tcgetattr(port)
    mode[0] = mode[1] = mode[3] = 0  # iflag, oflag, lflag: no translation at all
    mode[2] = termios.CS8 | termios.CREAD | termios.CLOCAL | termios.B115200
    termios.tcsetattr(port, termios.TCSANOW, mode)
    return port


def hello(plan: bytes) -> dict[str, object]:
    """The fields of `facts.Hello`; CPU lists are the kernel's own texts."""
    return {
        "@kind": "Hello",
        "protocol": 2,
        "kernel_release": os.uname().release,
        "cmdline": _read("/proc/cmdline"),
        "unknown_arguments": unknown_arguments(_read("/proc/1/cmdline"), _read("/proc/1/environ")),
        "online": _read(f"{CPUS}/online"),
        "llcs": seen_llcs(),
        "nodes": seen_nodes(),
        "numa": seen_numa(),
        "cores": seen_cores(),
        "memory_kb": _memory_kb(),
        "clocksource": _read("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
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


def seen_llcs() -> list[str]:
    """The CPU list of each LLC, in order of its first CPU; none if the kernel knows no caches."""
    return _distinct(_llc_of(cpu) for cpu in _online())


def seen_cores() -> list[str]:
    """The CPU list of each core's threads, in order of its first CPU."""
    where = "topology/thread_siblings_list"
    return _distinct(_read(f"{CPUS}/cpu{cpu}/{where}") for cpu in _online())


def seen_nodes() -> list[str]:
    """The CPU list of each NUMA node, empty for memory alone."""
    return [_read(f"{_NODES}/node{node}/cpulist") for node in _node_numbers()]


def seen_distances() -> list[list[int]]:
    """The distances from each NUMA node to all; none on a machine with one."""
    nodes = _node_numbers()
    return [_distances(node) for node in nodes] if len(nodes) > 1 else []


def seen_numa() -> list[object]:
    """`facts.NodeFacts` of each NUMA node; none on a machine with one node and nothing to tell."""
    nodes = _node_numbers()
    if len(nodes) < 2 and not os.path.exists(f"{_NODES}/node0/access0"):
        return []
    return [_node(node, _distances(node)) for node in nodes]


def write_all(port: int, data: bytes) -> None:
    """Writes all of `data`, however little the port takes at once."""
    view = memoryview(data)
    while view:
        view = view[os.write(port, view) :]


def main() -> None:
    """Says hello, then runs the agent; a guest that is to be saved and cloned does so later."""
    port = open_port()
    if os.access(TEMPLATE, os.F_OK):
        from ktstr.guest.parked import run_clone

        status = run_clone(port)
    else:
        plan = contents(PLAN)
        write_all(port, hello_frame(hello(plan)))
        from ktstr.guest.agent import run

        status = run(port, plan)
    termios.tcdrain(port)  # the machine ends next, and what is in the kernel's buffer with it
    sys.exit(status)


def contents(path: str) -> bytes:
    """The bytes of a file; none where it is missing or cannot be read."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        data = b""
        while piece := os.read(file, 1 << 20):
            data += piece
        return data
    except OSError:
        return b""
    finally:
        os.close(file)


def _read(path: str) -> str:
    return contents(path).decode(errors="replace").strip()


def _online() -> list[int]:
    return _expand(_read(f"{CPUS}/online"))


def _expand(text: str) -> list[int]:
    cpus: list[int] = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        cpus += range(int(first), int(last or first) + 1)
    return cpus


def _distinct(texts: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))


def _llc_of(cpu: int) -> str:
    """The CPUs that share the highest cache of `cpu`; empty if the kernel knows none."""
    best, found = 0, ""
    for index in range(_CACHE_LEVELS):
        level = _read(f"{CPUS}/cpu{cpu}/cache/index{index}/level")
        if not level:
            break
        if int(level) > best:
            best, found = int(level), _read(f"{CPUS}/cpu{cpu}/cache/index{index}/shared_cpu_list")
    return found


def _node_numbers() -> list[int]:
    return _expand(_read(f"{_NODES}/online"))


def _distances(node: int) -> list[int]:
    return [int(d) for d in _read(f"{_NODES}/node{node}/distance").split()]


def _node(node: int, distances: list[int]) -> dict[str, object]:
    where = f"{_NODES}/node{node}"
    total = _read(f"{where}/meminfo").partition("MemTotal:")[2].split()
    cache = f"{where}/memory_side_cache/index1"
    return {
        "@kind": "NodeFacts",
        "memory_kb": int(total[0]) if total else 0,
        "distances": distances,
        "latency_ns": _number(f"{where}/access0/initiators/read_latency"),
        "bandwidth_mb_s": _number(f"{where}/access0/initiators/read_bandwidth"),
        "side_cache_bytes": _number(f"{cache}/size"),
        "side_cache_line": _number(f"{cache}/line_size"),
    }


def _number(path: str) -> int:
    return int(_read(path) or "0")


def _memory_kb() -> int:
    first = _read("/proc/meminfo").partition("\n")[0].split()
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


if __name__ == "__main__":
    main()
