# SPDX-License-Identifier: Apache-2.0
"""Where coverage gets its lines from, and the files that it leaves."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from ktstr.initramfs.newc import read_layers
from ktstr.introspect.coverage.coverage import Coverage
from ktstr.introspect.coverage.lcov import text_of
from ktstr.introspect.coverage.loader import UserProgram, user_program
from ktstr.introspect.coverage.part import Sources
from ktstr.introspect.kernel.elf import Elf
from ktstr.machine.boot import schedulers_of
from ktstr.machine.output import write_atomically
from ktstr.machine.target import Target
from ktstr.model.errors import InfraError

FILE = "coverage.info"
# Where `bazel coverage` wants what tests reached (tools/test/collect_coverage.sh of Bazel 7).
_BAZELS_FILE = "COVERAGE_OUTPUT_FILE"
_OBJECT = ".bpf.o"


def sources_of(target: Target, find: Callable[[str], Path]) -> Sources:
    """Of a target: its kernel's DWARF, and its schedulers' object files."""
    dwarf = find(target.kernel.dwarf) if target.kernel.dwarf else None
    layers = [find(each.layer) for each in schedulers_of(target)]

    def objects() -> Iterator[bytes]:
        for layer in layers:
            yield from _objects(layer)

    def loader() -> UserProgram | None:
        if target.scheduler is None or not target.scheduler.argv:
            return None
        path = target.scheduler.argv[0].lstrip("/")
        return _program(path, (find(target.sampler), find(target.scheduler.layer)))

    return Sources(dwarf, objects, loader)


def _program(path: str, layers: Iterable[Path]) -> UserProgram | None:
    """The program of the guest's path; None where no layer has it."""
    name = path.rpartition("/")[2]
    # a script starts a dynamically linked one, which lies apart (tools/scheduler/program.py)
    apart = f"{path}.d/elf/{name}"
    found = {}
    for layer in layers:
        for entry in read_layers(layer.read_bytes()):
            if entry.path in (path, apart):
                found[entry.path] = entry.data()
    if path not in found:
        return None
    with tempfile.NamedTemporaryFile() as file:
        file.write(found.get(apart, found[path]))
        file.flush()
        # it stays mapped
        return user_program(name, Elf(Path(file.name)))


def _objects(layer: Path) -> Iterable[bytes]:
    entries = read_layers(layer.read_bytes())
    return [each.data() for each in entries if each.path.endswith(_OBJECT)]


def write_coverage(
    coverage: Coverage | None, test: str, folder: Path, environ: Mapping[str, str]
) -> None:
    """Writes coverage.info, and for Bazel; nothing where nobody asked, or nothing is known.

    Raises:
        InfraError: it cannot be written.
    """
    if coverage is None or not coverage.files:
        return
    content = text_of(test, coverage.files).encode()
    with write_atomically(folder / FILE) as file:
        file.write(content)
    if output := environ.get(_BAZELS_FILE):
        _append(Path(output), content)


def _append(output: Path, content: bytes) -> None:
    try:
        with output.open("ab") as file:
            file.write(content)
    except OSError as error:
        raise InfraError(
            f"{output}, where Bazel wants coverage, cannot be written: {error}"
        ) from error
