# SPDX-License-Identifier: Apache-2.0
"""A target whose guests are run one by one in virtual time, without Bazel's part."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ktstr.execute.budget import UNLIMITED
from ktstr.host.accel import Accel
from ktstr.machine.load import load_target
from ktstr.machine.located import machine_files
from ktstr.machine.prepared.accel import AccelChoice
from ktstr.machine.prepared.machine import prepare
from ktstr.machine.target import Target
from ktstr.runner import session as sessions
from ktstr.runner.cases.case import Case
from ktstr.runner.cases.discovery import discover, discovery_request
from ktstr.runner.cases.selection import Selection
from ktstr.runner.cases.sources import sources_of
from ktstr.runner.files import RunfilesTree
from ktstr.vm.signals import Termination


@dataclass(frozen=True)
class Prepared:
    """A target, its cases, and the session that runs them; `place` has their outputs."""

    target: Target
    cases: tuple[Case, ...]
    session: sessions.Session
    place: Path

    def said(self, test: str) -> bytes:
        """All that a test's last guest said, at its frames port and on its console."""
        folder = self.place / test
        return b"".join((folder / name).read_bytes() for name in ("frames.bin", "console.log"))


@contextmanager
def prepared(
    config: str, guests: Callable[[int], int], *, fresh: bool = False
) -> Iterator[Prepared]:
    """The target of a NAME.config.json in the runfiles; `guests`: how many, of so many cases.

    fresh: each of them boots, whatever the target says.
    """
    tree = RunfilesTree()
    target = load_target(tree.path(config))
    target = replace(target, fresh_boot=fresh or target.fresh_boot)
    with tempfile.TemporaryDirectory() as folder, Termination() as termination:
        place = Path(folder)
        sources = sources_of(target, tree)
        request = discovery_request(target, sources, Selection())
        cases = tuple(discover(request, termination).cases)
        count = guests(len(cases))
        files, choice = machine_files(target, tree.path), AccelChoice(Accel.VIRTUAL, "asked for")
        with prepare(target, files, choice, place, termination, tests=count) as machine:
            session = sessions.Session(target, machine, sources, place, UNLIMITED, termination)
            yield Prepared(target, cases, session, place)
