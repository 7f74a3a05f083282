# SPDX-License-Identifier: Apache-2.0
"""One run of a target: find its tests, prepare its machine, run them, report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ktstr.execute.budget import Budget
from ktstr.machine.located import machine_files
from ktstr.machine.machine import qemu_of
from ktstr.machine.prepared.accel import choose_accel, room_of
from ktstr.machine.prepared.machine import prepare
from ktstr.machine.prepared.store_use import StoreUse
from ktstr.machine.target import Target
from ktstr.model.errors import KtstrError
from ktstr.runner.bazel import BazelTest
from ktstr.runner.cases.case import Discovery
from ktstr.runner.cases.discovery import discover, discovery_request
from ktstr.runner.cases.sources import Sources, sources_of
from ktstr.runner.exit_status import ExitStatus, exit_status
from ktstr.runner.files import RunfilesTree
from ktstr.runner.guest_env import guest_environment
from ktstr.runner.identity import identity_of
from ktstr.runner.looks import COVERAGE, asked_of
from ktstr.runner.reporting import Reporter, report_abort
from ktstr.runner.session import Session
from ktstr.vm.kvm.probe import kvm_verdict
from ktstr.vm.signals import Termination

if TYPE_CHECKING:
    from ktstr.introspect.coverage.part import Sources as Lines


def run_target(
    target: Target, environment: BazelTest, outputs: Path, termination: Termination
) -> ExitStatus:
    """Runs the selected tests of `target`; results go below `outputs` and to standard output.

    Raises:
        UsageError: the target, its modules or the filter are wrong; nothing was run.
        InfraError: a file is missing, the disk is full, or a signal came first.
    """
    budget = Budget.start(environment.timeout_s or target.timeout_s)
    tree = RunfilesTree()
    target = environment.repetition.of(target)
    try:
        sources = sources_of(target, tree)
        request = discovery_request(target, sources, environment.selection)
        discovery = discover(request, termination)
        session, reporter = _prepare(
            target, environment, outputs, tree, sources, budget, termination, discovery
        )
    except KtstrError as error:
        report_abort(target, environment, error)
        raise
    if not discovery.cases:
        print(f"{target.label}: none of its {len(discovery.names)} tests is in this shard")
    reporter.save()
    with session.machine:
        status = exit_status(session.run(discovery.cases, reporter.done))
    reporter.close()
    return ExitStatus.ERROR if reporter.problems and status != ExitStatus.FAILED else status


def _prepare(
    target: Target,
    environment: BazelTest,
    outputs: Path,
    tree: RunfilesTree,
    sources: Sources,
    budget: Budget,
    termination: Termination,
    discovery: Discovery,
) -> tuple[Session, Reporter]:
    asked = asked_of(os.environ) | ({COVERAGE} if target.coverage else frozenset())
    files = machine_files(target, tree.path)
    qemu = qemu_of(files)
    choice = choose_accel(
        target.accel, lambda: kvm_verdict(qemu, tree.probe_guest()), room_of(target)
    )
    use = StoreUse()
    tests = sum(not case.skip for case in discovery.cases)
    machine = prepare(target, files, choice, outputs, termination, tests=tests, use=use)
    identity = identity_of(target, tree.path, machine.spec, choice)
    names = [case.name for case in discovery.cases]
    reporter = Reporter(environment, outputs, identity, choice, use, names)
    variables = guest_environment(target, os.environ)
    session = Session(
        target,
        machine,
        sources,
        outputs,
        budget,
        termination,
        variables,
        asked=asked,
        lines=_lines(target, tree) if COVERAGE in asked else None,
    )
    return session, reporter


def _lines(target: Target, tree: RunfilesTree) -> Lines:
    # few tests ask for it
    from ktstr.runner.coverage import sources_of

    return sources_of(target, tree.path)
