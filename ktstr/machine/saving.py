# SPDX-License-Identifier: Apache-2.0
"""Boots a target's machine without any test, and saves it for its tests to be cloned from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ktstr.initramfs import newc
from ktstr.machine.boot import boot_limit_s
from ktstr.machine.machine import TargetMachine
from ktstr.machine.output import write_atomically
from ktstr.model.start import TEMPLATE_PATH
from ktstr.model.wire.frames import Frame, FrameReader, FrameType
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.save import SavedTemplate, save
from ktstr.vm.saved.template import GuestRefused
from ktstr.vm.signals import Termination

# What a build action leaves in a template's place where the guest itself cannot be saved.
UNUSABLE = "unusable.txt"
# Of the one guest that tests of all seeds are cloned from.
_SEED = 1


def template_spec(machine: TargetMachine, layer: Path) -> MachineSpec:
    """The machine that is saved, without the target's layers; `layer` is written, and is its last.

    Raises:
        InfraError: it cannot be written.
    """
    with write_atomically(layer) as file:
        newc.write_layer([newc.file(TEMPLATE_PATH.lstrip("/"), b"")], file)
    initramfs = (*machine.spec.initramfs, layer)
    return replace(machine.spec, initramfs=initramfs, seed=_SEED, parks=True)


def save_guest(
    spec: MachineSpec, directory: Path, termination: Termination, limit_s: float = float("inf")
) -> SavedTemplate:
    """Boots `spec` until its agent waits for work, within `limit_s` seconds, and saves it.

    Raises:
        GuestRefused: it did not come so far, or what it said is not what a template says.
        TemplateError: it was late, or the host could not boot or save it.
        InfraError: a file is missing or cannot be written.
    """
    saved = save(spec, directory, termination, boot_limit_s(spec), limit_s)
    problem = _problem(saved.frames)
    if problem:
        saved.close()
        raise GuestRefused(f"the guest to be cloned {problem}")
    return saved


def _problem(frames: bytes) -> str:
    """What is wrong with what the guest said before it was saved; empty: nothing."""
    said = list(FrameReader().feed(frames))
    if len(said) != 1 or not isinstance(said[0], Frame) or said[0].type != FrameType.HELLO:
        return f"was to say one hello, and said {said or 'nothing'}"
    digest = said[0].body.get("plan_digest")
    return f"had a plan already, {digest}" if digest else ""
