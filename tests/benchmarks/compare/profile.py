# SPDX-License-Identifier: Apache-2.0
"""What Bazel's JSON profile (--profile=FILE.gz) says of phases and actions.

It is in the Trace Event format: `ts` and `dur` in microseconds, `cat` the kind. An action's event
("action processing") begins when it is ready, so that it holds the wait for a free core or test
slot ("action resource lock", an event of the same thread within it).
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ktstr.model.errors import InfraError
from tests.benchmarks.compare.figures import Readings

_ACTION, _LOCK, _MARKER = "action processing", "action resource lock", "build phase marker"
_US = 1e-6
_FIRST, _LAST = "Evaluate target patterns", "Complete build"
_KERNEL = ("Kernel", "PrebuiltKernel")
_TEST_OF = "Testing {}"


@dataclass(frozen=True)
class Action:
    """One that ran: its mnemonic, Bazel's sentence on it, and its seconds without waiting."""

    mnemonic: str
    name: str
    seconds: float


@dataclass(frozen=True)
class Profile:
    """Of one command: its actions in the order of their start, and when each phase began, in s."""

    actions: tuple[Action, ...]
    phases: Mapping[str, float]

    @property
    def analysis_s(self) -> float | None:
        """Loading and analysis of a build with --nobuild; None where the profile lacks its ends."""
        if _FIRST not in self.phases or _LAST not in self.phases:
            return None
        return self.phases[_LAST] - self.phases[_FIRST]


def read_profile(path: Path) -> Profile:
    """Reads a profile, compressed or not.

    Raises:
      InfraError: the file cannot be read, or is none.
    """
    try:
        data = path.read_bytes()
        text = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        events = json.loads(text)["traceEvents"]
        return Profile(tuple(_actions(events)), _phases(events))
    except OSError as error:
        raise InfraError(f"checkouts: cannot read the profile {path}: {error}") from error
    except (ValueError, KeyError, TypeError, EOFError, zlib.error) as error:
        raise InfraError(f"checkouts: {path} is no profile of Bazel's: {error!r}") from error


def readings_of(profile: Profile) -> dict[str, float]:
    """Number and seconds of saved guests, kernel actions and tests; what never ran is missing."""
    found: dict[str, float] = {}
    for name, actions in (
        ("templates", [each for each in profile.actions if each.mnemonic == "VmTemplate"]),
        ("kernels", [each for each in profile.actions if each.mnemonic.startswith(_KERNEL)]),
        ("tests", [each for each in profile.actions if each.mnemonic == "TestRunner"]),
    ):
        if actions:
            found[name] = len(actions)
            found[f"{name}_s"] = sum(each.seconds for each in actions)
    return found


def kernel_of(profile: Profile) -> Readings:
    """Seconds of all that makes a kernel out of its source; nothing where none was made."""
    built = [each.seconds for each in profile.actions if each.mnemonic == "KernelImage"]
    return {"kernel_s": sum(built)} if built else {}


def test_seconds(profile: Profile, label: str) -> float | None:
    """Of all shards of a test; None where it did not run."""
    name = _TEST_OF.format(label)
    found = [
        each.seconds
        for each in profile.actions
        if each.mnemonic == "TestRunner" and (each.name + " ").startswith(f"{name} ")
    ]
    return sum(found) if found else None


def _actions(events: Iterable[Mapping[str, Any]]) -> list[Action]:
    events = [each for each in events if each.get("ph") == "X"]
    locks: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for each in events:
        if each.get("cat") == _LOCK:
            locks[each["tid"]].append(each)
    found = [each for each in events if each.get("cat") == _ACTION]
    return [
        Action(
            each.get("args", {}).get("mnemonic", ""),
            each["name"],
            (each["dur"] - _waited(each, locks[each["tid"]])) * _US,
        )
        for each in sorted(found, key=lambda each: (each["ts"], each["name"]))
    ]


def _waited(action: Mapping[str, Any], locks: Iterable[Mapping[str, Any]]) -> int:
    """Microseconds of the locks that lie within an action."""
    start, end = action["ts"], action["ts"] + action["dur"]
    return sum(
        each["dur"] for each in locks if start <= each["ts"] and each["ts"] + each["dur"] <= end
    )


def _phases(events: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    return {each["name"]: each["ts"] * _US for each in events if each.get("cat") == _MARKER}
