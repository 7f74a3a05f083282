# SPDX-License-Identifier: Apache-2.0
"""What a history keeps of one result."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import NamedTuple

# In virtual time another seed is another run; in real time it is one more boot.
EXACT_ACCEL = "virtual"


class FigureKey(NamedTuple):
    """Which number of a result it is.

    subject: a cgroup, or `payload NAME#INDEX`; empty: all of the run.  step and scenario: None for
    the whole run.
    """

    name: str
    unit: str
    polarity: str
    subject: str
    step: int | None
    scenario: int | None

    @property
    def text(self) -> str:
        """E.g. `cg_0.wake_p99_us`, or `1:total.iterations` in step 1."""
        where = "" if self.step is None else f"{self.step}:"
        if self.scenario:
            where = f"{self.scenario}/{where}"
        return f"{where}{self.subject or 'total'}.{self.name}"

    def fits(self, pattern: str) -> bool:
        """Whether a name, or whole name, is `pattern`, or is one that it stands for."""
        return any(
            each == pattern or fnmatch.fnmatchcase(each, pattern) for each in (self.name, self.text)
        )


@dataclass(frozen=True)
class Variant:
    """What is tested, and where.

    kernel and scheduler: labels; scheduler is empty for the kernel's own class.  topology: as
    asked.
    """

    label: str
    test: str
    source: str
    topology: str
    kernel: str
    scheduler: str
    accel: str


@dataclass(frozen=True)
class Facts:
    """What came of it, without the machine.

    digest: of the result without its host.  inputs: a digest of all that was run.  layer, vmlinux:
    SHA-256 of the scheduler and of the kernel.  cause: the kind of the first detail; message: its
    words, in one printable line.  values: those of `names`, as `ktstr.history.figures` packs them.
    """

    digest: bytes
    inputs: bytes
    seed: str
    release: str
    vmlinux: str
    layer: str
    schema_version: int
    verdict: str
    cause: str
    message: str
    names: str
    values: bytes


@dataclass(frozen=True)
class Host:
    """The machine that it ran on; empty is what its result does not say."""

    hostname: str
    kernel: str
    cpu_model: str
    cpus: int
    governor: str
    mitigations: str
    thp: str


@dataclass(frozen=True)
class Entry:
    """One result. started: RFC 3339; load: the machine's, of the last minute."""

    digest: bytes
    variant: Variant
    facts: Facts
    host: Host
    started: str
    wall_s: float
    load: float
    whole: bytes
