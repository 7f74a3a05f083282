# SPDX-License-Identifier: Apache-2.0
"""Compiles Python sources to bytecode with the guest's own interpreter.

The same file is both sides: imported, it drives the interpreter of a root; run by that interpreter,
it compiles. Bytecode is "unchecked hash-based" (PEP 552): its bytes hold no time, and the guest
never looks for the source.
"""

from __future__ import annotations

import json
import os
import py_compile
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

PYTHON = "usr/bin/python3.13"
_LOADER = "usr/lib64/ld-linux-x86-64.so.2"
_LIBRARIES = "usr/lib/x86_64-linux-gnu"


class CompileError(ValueError):
    """A source that is no Python of the guest's version, or an interpreter that does not run."""


def compile_sources(root: Path, sources: Mapping[str, Path]) -> dict[str, bytes]:
    """Compiles `sources` (guest path of the .py -> file here) with the interpreter of `root`.

    Returns:
      Guest path of the .pyc, beside where the source would be, -> its bytes. They depend on
      nothing but the sources, their guest paths and the interpreter.

    Raises:
      CompileError: a source does not compile; the message has file and line.
    """
    with tempfile.TemporaryDirectory() as folder:
        jobs = [
            {"source": str(source), "guest": f"/{path}", "output": str(Path(folder, str(number)))}
            for number, (path, source) in enumerate(sorted(sources.items()))
        ]
        Path(folder, "jobs.json").write_text(json.dumps(jobs))
        _run(root, Path(folder, "jobs.json"))
        return {
            _compiled_name(str(job["guest"])[1:]): Path(job["output"]).read_bytes() for job in jobs
        }


def _run(root: Path, jobs: Path) -> None:
    loader = (str(root / _LOADER), "--library-path", str(root / _LIBRARIES))
    environment = {
        "PYTHONHOME": str((root / "usr").absolute()),
        # Sets of constants are marshalled in their iteration order, which follows string hashes.
        "PYTHONHASHSEED": "0",
    }
    try:
        subprocess.run(
            [*loader, str(root / PYTHON), "-S", "-s", "-B", __file__, str(jobs)],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
    except OSError as error:
        raise CompileError(f"cannot run the guest's Python of {root}: {error}") from None
    except subprocess.CalledProcessError as error:
        raise CompileError(error.stderr.strip()) from None


def _compiled_name(path: str) -> str:
    return path.removesuffix(".py") + ".pyc"


def _compile_all(jobs: Path) -> int:
    failures = 0
    for job in json.loads(jobs.read_text()):
        try:
            py_compile.compile(
                job["source"],
                cfile=job["output"],
                dfile=job["guest"],
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except py_compile.PyCompileError as error:
            failures += 1
            print(f"{job['source']}: {error.msg.strip()}", file=sys.stderr)
    return os.EX_DATAERR if failures else os.EX_OK


if __name__ == "__main__":
    sys.exit(_compile_all(Path(sys.argv[1])))
