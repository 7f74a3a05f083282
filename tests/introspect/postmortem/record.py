# SPDX-License-Identifier: Apache-2.0
"""Keeps of a hung guest's core what a post-mortem reads: record.py CORE VMLINUX INDEX DIRECTORY

By hand, in a Python that has the packages of third_party/requirements.in, and whenever the kernel
is another one (hung_test.py says so). The test leaves a core, and its words are the golden file:

    tools/bazel test //tests/introspect/postmortem:dying
    tools/bazel build //sched/kernels:linux_6_12 --output_groups=+index
    PYTHONPATH=. python tests/introspect/postmortem/record.py \
        bazel-testlogs/tests/introspect/postmortem/dying/test.outputs/nobody_else_runs/guest.core \
        bazel-bin/sched/kernels/linux_6_12/vmlinux \
        bazel-bin/sched/kernels/linux_6_12/vmlinux.index \
        tests/introspect/postmortem/testdata
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import zstandard

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.core import Recorder
from ktstr.introspect.memory.recorded import RecordedMemory
from ktstr.introspect.postmortem.collect import collect
from ktstr.introspect.postmortem.core_file import core_head
from tests.introspect.postmortem.recorded_guest import CAUSE, NOTE, kernel_digest, words

_LEVEL = 19


def main(core: Path, vmlinux: Path, index: Path, directory: Path) -> int:
    """Writes hung.core.zst and hung.txt."""
    memory = RecordedMemory(core)
    recorder, kernel = Recorder(memory), Kernel.open(vmlinux, index)
    found = collect(kernel, recorder, memory.head.registers, CAUSE, seconds=60)
    head = core_head(kernel, recorder, memory.head.registers)
    head = replace(head, notes={NOTE: kernel_digest(vmlinux)})
    with tempfile.NamedTemporaryFile() as kept:
        recorder.save(Path(kept.name), head)
        data = Path(kept.name).read_bytes()
    (directory / "hung.core.zst").write_bytes(zstandard.ZstdCompressor(level=_LEVEL).compress(data))
    (directory / "hung.txt").write_text(words(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
