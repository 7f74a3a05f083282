# SPDX-License-Identifier: Apache-2.0
"""Chooses the Bazel to run, prepares what it needs on this machine, and becomes it.

Called by tools/bazel: launch.py PATH_OF_TOOLS_BAZEL [BAZEL'S ARGUMENTS...]
"""

import os
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 (this is what tells the user)
    sys.exit(
        f"tools/bazel: error: {sys.executable} is Python "
        f"{sys.version_info[0]}.{sys.version_info[1]}; "
        "ktstr needs Python 3.11 or later: put a newer python3 first on PATH"
    )

sys.path[0] = str(Path(__file__).resolve().parents[3])

from tools.private.bazel_setup import candidates, layout, prefix, rcfile, registry  # noqa: E402
from tools.private.bazel_setup.errors import LOCAL_ENVIRONMENT, SetupError  # noqa: E402


def main(arguments: list[str]) -> int:
    """Execs Bazel; returns an exit code only when that is impossible."""
    wrapper, bazel_arguments = Path(arguments[0]), arguments[1:]
    workspace = layout.workspace_of(Path.cwd()) or wrapper.resolve().parents[1]
    cache = layout.cache_directory(os.environ)
    environment = dict(os.environ)
    try:
        choice = candidates.choose(wrapper, workspace, cache, environment)
        if choice.command is None:
            home = prefix.ensure(cache, choice.reason)
            registry.ensure(home, workspace)
            command = home / "bin" / "bazel"
        else:
            home, command = None, choice.command
        store = layout.tests_store(cache)
        rcfile.write(workspace, cache, home, command, choice.reason, store)
    except SetupError as error:
        print(f"tools/bazel: error: {error}", file=sys.stderr)
        return LOCAL_ENVIRONMENT
    except OSError as error:
        print(
            f"tools/bazel: error: cannot prepare Bazel in {cache}: {error}; free some space, or "
            "name another cache directory in XDG_CACHE_HOME",
            file=sys.stderr,
        )
        return LOCAL_ENVIRONMENT
    except KeyboardInterrupt:
        print("tools/bazel: interrupted", file=sys.stderr)
        return 130
    environment.update(choice.environment)
    return os.execve(command, [str(command), *bazel_arguments], environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
