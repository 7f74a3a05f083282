# SPDX-License-Identifier: Apache-2.0
"""Where Bazel has put the files of a target, and of ktstr itself."""

from __future__ import annotations

import os
from pathlib import Path

from runfiles import Runfiles

from ktstr.model.errors import InfraError

_PROBE_GUEST = "ktstr/ktstr/vm/kvm/probe_guest/probe.elf"


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
        return Path(self._runfiles.Rlocation(name) or name)

    def path(self, name: str) -> Path:
        """The real path of a runfile, symbolic links resolved so that it outlives the sandbox.

        Raises:
            InfraError: it is not there.
        """
        found = self._runfiles.Rlocation(name)
        if found is None or not os.path.exists(found):
            raise InfraError(f"runfile {name} is not there; build the target again")
        return Path(os.path.realpath(found))

    def probe_guest(self) -> Path:
        """The guest that shows whether KVM works.

        Raises:
            InfraError: it is not there.
        """
        found = self._runfiles.Rlocation(_PROBE_GUEST, self._runfiles.CurrentRepository())
        if found is None or not Path(found).is_file():
            raise InfraError(
                f"the probe's guest {_PROBE_GUEST} is not in the runfiles of this program"
            )
        return Path(found)
