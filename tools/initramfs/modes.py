# SPDX-License-Identifier: Apache-2.0
"""The mode of a file in the guest, where nobody gave one: by what the file holds.

Never by the mode that it has here. Bazel makes every output of an action executable, remote
execution every input, and a source file has whatever a checkout or an umask gave it: the key of an
action holds none of that, and its output may not either.
"""

from __future__ import annotations

from pathlib import Path

_PROGRAMS = (b"\x7fELF", b"#!")


def default_mode(content: bytes | Path) -> int:
    """0755 for programs, libraries and scripts (ELF, #!), else 0644; `content`: bytes or a file.

    Raises:
      OSError: the file cannot be read.
    """
    if isinstance(content, Path):
        with content.open("rb") as file:
            content = file.read(max(map(len, _PROGRAMS)))
    return 0o755 if content.startswith(_PROGRAMS) else 0o644
