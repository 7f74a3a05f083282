# SPDX-License-Identifier: Apache-2.0
"""The result that `bazel test` left of the very run that is to be played: it knows its times."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from ktstr.execute.layer import write_test_layer
from ktstr.machine.prepared.starts import Start, guest_start
from ktstr.model.errors import UsageError
from ktstr.model.plan import Plan
from ktstr.record.identity import FileDigest, Identity
from ktstr.result import result_pb2
from ktstr.result.read import result_of_bytes
from ktstr.runner.cases.planning import plan_of
from ktstr.runner.replay.player import Player

# Where Bazel keeps what a test left; of a target `//pkg:name` below pkg/name.
_LOGS, _OUTPUTS = "bazel-testlogs", "test.outputs"
_RESULT, _ARCHIVE = "result.pb", "outputs.zip"
_REPLAY = ".replay"
# Of a start: a saved guest is made ready, or was before.
_START_S = 60.0


def kept(player: Player, identity: Identity, workspace: Path) -> result_pb2.Result | None:
    """The result of this run, whatever Bazel ran last; None where it has kept none of this.

    identity: of the target that is played.

    Raises:
        UsageError: the test cannot be planned.
    """
    found = list(_results(_folder(workspace, player.session.target.label), player.case.name))
    if not found:
        return None
    session = player.session
    plan = plan_of(player.case, session.target, session.machine.disks.disks, session.environment)
    with tempfile.TemporaryDirectory(dir=session.outputs) as folder:
        layer = Path(folder) / "test.cpio"
        write_test_layer(plan, guest_start(True, plan.seed, plan.test), session.sources.all, layer)
        own = hashlib.sha256(layer.read_bytes()).hexdigest()
        start = session.machine.templates.start(layer, _START_S)
    return next((each for each in found if is_of(each, identity, plan, own, start)), None)


def is_of(
    result: result_pb2.Result, identity: Identity, plan: Plan, own_layer: str, start: Start
) -> bool:
    """Whether a result is of this run: in virtual time, all that it depends on is the same."""
    was, template = result.identity, start.template.digest if start.template else ""
    layer = identity.scheduler.layer if identity.scheduler else FileDigest("", "")
    pairs = (
        (was.accelerator.name, identity.accel.value),
        (was.seed, identity.seed),
        (was.plan_digest, plan.digest()),
        (was.own_layer, own_layer),
        (was.machine, identity.machine),
        (was.kernel.vmlinux.sha256, identity.kernel.vmlinux.sha256),
        (was.qemu.sha256, identity.qemu.sha256),
        (was.scheduler.layer.sha256, layer.sha256),
        (_digests(was.initramfs), tuple(each.sha256 for each in identity.initramfs)),
        (_digests(was.brought), tuple(each.sha256 for each in identity.brought)),
        (result.host.start.template, template),
    )
    return all(one == other for one, other in pairs)


def _digests(files: Iterable[result_pb2.Digest]) -> tuple[str, ...]:
    return tuple(each.sha256 for each in files)


def _folder(workspace: Path, label: str) -> Path:
    """Of what a label's target left when it was tested last."""
    package, _, name = label.rpartition("//")[2].partition(":")
    return workspace / _LOGS / package / name.removesuffix(_REPLAY)


def _results(folder: Path, test: str) -> Iterator[result_pb2.Result]:
    """Those of one test, of all its shards and runs; what cannot be read is none."""
    for outputs in sorted(folder.rglob(_OUTPUTS)):
        for content, place in _contents(outputs, f"{test}/{_RESULT}"):
            try:
                yield result_of_bytes(content, place)
            except UsageError:
                continue


def _contents(outputs: Path, name: str) -> Iterator[tuple[bytes, str]]:
    """The file of that name, plain or in the archive that Bazel has packed."""
    try:
        if (outputs / name).is_file():
            yield (outputs / name).read_bytes(), str(outputs / name)
        if (outputs / _ARCHIVE).is_file():
            with zipfile.ZipFile(outputs / _ARCHIVE) as archive:
                if name in archive.namelist():
                    yield archive.read(name), str(outputs / _ARCHIVE)
    except (OSError, zipfile.BadZipFile):
        return
