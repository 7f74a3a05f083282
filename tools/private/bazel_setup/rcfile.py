# SPDX-License-Identifier: Apache-2.0
"""Writes .bazelrc.local: what this machine needs beside the committed .bazelrc."""

import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

from tools.private.bazel_setup.console import say
from tools.private.bazel_setup.words import rc_comment, rc_word

NAME = ".bazelrc.local"

# Bazel's test wrapper calls these; the private Bazel brings its own for machines without them.
_HOST_TOOLS = ("file", "unzip", "zip")
# A kernel with its debug information takes half a gigabyte; an idle server drops what is oldest.
_DISK_CACHE_SIZE = "30G"
_ACTION_PATH = "/bin:/usr/bin:/usr/local/bin"


def write(
    workspace: Path,
    cache: Path,
    home: Path | None,
    command: Path,
    reason: str,
    store: Path | None = None,
) -> None:
    """Writes the rc file when its text differs, into a workspace whose .bazelrc imports it.

    Args:
      workspace: where it is written.
      cache: ktstr's cache directory, for the caches that all clones share.
      home: the private Bazel's directory, when that is used.
      command: the Bazel that is run, for tests that run Bazel themselves.
      reason: why this Bazel.
      store: the directory that tests may write to, made here; None: there is none to be had.
    Raises:
      SetupError: a path cannot stand in an rc file.
    """
    try:
        imported = NAME in (workspace / ".bazelrc").read_text(encoding="utf-8")
    except OSError:
        imported = False
    if not imported:
        if home:
            say(
                f"{workspace}/.bazelrc does not import {NAME}, so the private Bazel goes without "
                f"what this machine needs; put there: try-import %workspace%/{NAME}"
            )
        return
    # Bazel's sandbox starts nothing where a path that it is to leave writable is not there
    store = store if store is not None and _is_made(store) else None
    text = render(cache, home, command, reason, store)
    path = workspace / NAME
    try:
        # paths that are no UTF-8 go in as the bytes that they are
        if path.read_text(encoding="utf-8", errors="surrogateescape") == text:
            return
    except OSError:
        pass
    with tempfile.NamedTemporaryFile(
        "w", dir=workspace, prefix=NAME, delete=False, encoding="utf-8", errors="surrogateescape"
    ) as file:
        file.write(text)
    os.replace(file.name, path)


def _is_made(store: Path) -> bool:
    """Whether the store is there, now at the latest; only this user may write to it then."""
    try:
        store.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return False
    return True


def render(
    cache: Path, home: Path | None, command: Path, reason: str, store: Path | None = None
) -> str:
    """The rc file's text. Raises SetupError: a path cannot stand in one."""
    lines = [
        "# Written by tools/bazel for this machine, and again whenever it differs; your own "
        "settings go into",
        "# user.bazelrc.",
        f"# Bazel: {rc_comment(str(command))}",
        f"# because: {rc_comment(reason)}",
        f"common {rc_word(f'--disk_cache={cache}/disk')}",
        f"common --experimental_disk_cache_gc_max_size={_DISK_CACHE_SIZE}",
        f"common {rc_word(f'--repository_cache={cache}/repo')}",
        f"common {rc_word(f'--repo_env=KTSTR_BAZEL={command}')}",
    ]
    if store is not None:
        lines += [
            "# The memory of saved guests is inflated there once, not for each test.",
            f"test {rc_word(f'--sandbox_writable_path={store}')}",
        ]
    if home:
        lines += [
            "# Modules come from this machine's disk: a lock of them would hold nowhere else.",
            "common --lockfile_mode=off",
        ]
    if home and importlib.util.find_spec("pip") is None:
        lines += [
            "# The machine's python3 has no pip.",
            f"common {rc_word(f'--repo_env=KTSTR_PIP={home}/share/pip.whl')}",
        ]
    missing = [tool for tool in _HOST_TOOLS if shutil.which(tool, path=_ACTION_PATH) is None]
    if home and missing:
        lines += [
            f"# The machine has no {', '.join(missing)}, which Bazel's test wrapper calls.",
            f"build {rc_word(f'--action_env=PATH={home}/hosttools:{_ACTION_PATH}')}",
        ]
    return "\n".join(lines) + "\n"
