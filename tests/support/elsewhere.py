# SPDX-License-Identifier: Apache-2.0
"""Programs that are told that they run on a machine of another architecture."""

# The kernel's word for it is bound over in a mount namespace of the program's own.
_BOUND = 'mount --bind "$1" /proc/sys/kernel/arch && shift && exec "$@"'


def elsewhere(arch: str) -> tuple[str, ...]:
    """What goes before a command line, which then finds the file `arch` for the kernel's word."""
    return ("unshare", "-rm", "/bin/sh", "-c", _BOUND, "sh", arch)
