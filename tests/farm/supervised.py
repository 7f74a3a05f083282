# SPDX-License-Identifier: Apache-2.0
"""Supervises shell scripts, until its standard input ends: supervised.py STATE SCRIPT..."""

import sys
from pathlib import Path

from ktstr.model.errors import InfraError
from tools.farm.parts import Part
from tools.farm.supervise import Supervisor


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    parts = [
        Part(f"part{index}", ("sh", "-c", script), {"PATH": "/usr/bin:/bin"}, grace=index == 1)
        for index, script in enumerate(sys.argv[2:])
    ]
    supervisor = Supervisor(parts, Path(sys.argv[1]), _tell)
    try:
        supervisor.start()
        _tell("all are ready")
        supervisor.watch(sys.stdin.fileno())
    except InfraError as error:
        _tell(str(error))
        sys.exit(1)
    finally:
        supervisor.stop()
