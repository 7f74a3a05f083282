# SPDX-License-Identifier: Apache-2.0
"""Finds the host's Python once, the same way for every repository rule that needs it."""

_MINIMUM = (3, 11)

def find_host_python(rctx):
    """Returns the host's Python interpreter.

    Args:
      rctx: the repository context.
    Returns:
      struct(path, major, minor): the interpreter behind `python3` on PATH, past any shim.
    """
    shim = rctx.which("python3")
    if not shim:
        fail("python3 is not on PATH: ktstr needs Python {}.{} or later (on Debian: apt-get install python3)".format(*_MINIMUM))
    result = rctx.execute(
        [shim, "-I", "-c", "import sys; print(sys.executable, *sys.version_info[:2], sep='\\n')"],
        timeout = 30,
    )
    if result.return_code:
        fail("{} does not run (exit code {}):\n{}".format(shim, result.return_code, result.stderr))
    path, major, minor = result.stdout.strip().split("\n")
    if (int(major), int(minor)) < _MINIMUM:
        fail("{} is Python {}.{}; ktstr needs Python {}.{} or later: put a newer python3 first on PATH".format(path, major, minor, *_MINIMUM))
    return struct(path = path, major = major, minor = minor)
