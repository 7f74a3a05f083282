# SPDX-License-Identifier: Apache-2.0
"""The build action of a saved guest: boots the machine of a configuration, and saves its guest."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from ktstr.host.accel import Accel
from ktstr.host.descendants import become_subreaper, kill_descendants
from ktstr.machine.load import load_target
from ktstr.machine.located import machine_files
from ktstr.machine.machine import machine_of, qemu_of
from ktstr.machine.saving import UNUSABLE, save_guest, template_spec
from ktstr.machine.target import Target
from ktstr.machine.target_disks import TargetDisks
from ktstr.model.errors import InfraError, UsageError
from ktstr.vm.artifact import write_artifact
from ktstr.vm.command.shape import HostTooSmall
from ktstr.vm.saved.template import GuestRefused, TemplateError
from ktstr.vm.signals import Termination


def main(argv: Sequence[str]) -> int:
    """Fills --output; exit status 1 where nothing can be said of the machine, or the host failed.

    A guest that does not come up is for its tests to show, so its directory just says why.  That is
    kept for good, so only the machine's own doing counts; a host's trouble may pass: an error.
    """
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--config", type=Path, required=True, help="what machine it is")
    parser.add_argument("--output", type=Path, required=True, help="directory of the template")
    arguments = parser.parse_args(argv)
    become_subreaper()
    work = arguments.output / "work"
    try:
        target = load_target(arguments.config)
        with Termination() as termination:
            _make(target, arguments.output, work, termination)
            if termination.first:
                raise InfraError(f"told to stop by {termination.first}")
    except (UsageError, InfraError) as error:
        print(f"ERROR {arguments.config}: {error}", file=sys.stderr)
        return 1
    finally:
        kill_descendants()
        shutil.rmtree(work, ignore_errors=True)
    return 0


def _make(target: Target, output: Path, work: Path, termination: Termination) -> None:
    files = machine_files(target, _input)
    qemu = qemu_of(files)
    try:
        machine = machine_of(target, files, qemu, Accel.VIRTUAL, TargetDisks(), host_is_amd=False)
        saved = save_guest(template_spec(machine, work / "template.cpio"), work, termination)
    except HostTooSmall as error:
        raise InfraError(f"{target.label}: {error}") from None
    except (GuestRefused, UsageError) as error:
        _leave_reason(target, output, error)
        return
    except TemplateError as error:
        raise InfraError(
            f"{target.label}: {error}; build it again, or give its tests fresh_boot = True if "
            "their kernel does not come up"
        ) from None
    try:
        write_artifact(saved, output)
    finally:
        saved.close()


def _input(name: str) -> Path:
    """The real path of a file, whose name is a path from the action's working directory."""
    if not os.path.exists(name):
        raise InfraError(f"{name} is not there, though it is an input of this build action")
    return Path(os.path.realpath(name))


def _leave_reason(target: Target, output: Path, error: Exception) -> None:
    print(f"{target.label}: its tests will boot cold: {error}", file=sys.stderr)
    output.mkdir(parents=True, exist_ok=True)
    (output / UNUSABLE).write_text(f"{error}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
