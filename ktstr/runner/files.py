# SPDX-License-Identifier: Apache-2.0
"""Where Bazel has put the files of a target, and of ktstr itself."""

from __future__ import annotations

import os
from pathlib import Path

from runfiles import Runfiles

from ktstr.model.errors import InfraError

_PROBE_GUEST = "ktstr/vm/kvm/probe_guest/probe.elf"


class RunfilesTree:
    """Finds a target's files by their runfiles paths."""

    def __init__(self) -> None:
        """Raises InfraError when this program was started without runfiles."""
        found = Runfiles.Create()
        if found is None:
            raise InfraError(
                "no runfiles found; start this through Bazel (`bazel test`, `bazel run`) or set "
                "RUNFILES_DIR"
            )
        self._runfiles = found

    def directory(self, name: str) -> Path:
        """A directory of the runfiles, as it is: its files are links to where they really lie."""
        return Path(self._located(name) or name)

    def path(self, name: str) -> Path:
        """The real path of a runfile, symbolic links resolved so that it outlives the sandbox.

        Raises:
            InfraError: it is not there.
        """
        found = self._located(name)
        if found is None or not os.path.exists(found):
            raise InfraError(f"runfile {name} is not there; build the target again")
        return Path(os.path.realpath(found))

    def probe_guest(self) -> Path:
        """The guest that shows whether KVM works.

        Raises:
            InfraError: it is not there.
        """
        found = self._located(f"{repository_of(Path(__file__))}/{_PROBE_GUEST}")
        if found is None or not Path(found).is_file():
            raise InfraError(
                f"the probe's guest {_PROBE_GUEST} is not in the runfiles of this program"
            )
        return Path(found)

    def _located(self, name: str) -> str | None:
        # repositories are canonical in `name`, so whose words for them would count does not matter
        return self._runfiles.Rlocation(name, source_repo="")


def repository_of(file: Path) -> str:
    """The repository that this module, `file`, is of: it lies there, or in an archive there."""
    top = file.parents[2]
    return (top.parents[2] if top.suffix == ".zip" else top).name
