# SPDX-License-Identifier: Apache-2.0
"""How archives of a kernel's sources are packed, by their names."""

visibility(["//rules/private/kernel/origin"])

ARCHIVES = (".tar", ".tar.xz", ".tar.gz", ".tar.bz2", ".tar.zst")

def archive_suffix(name):
    """Finds the suffix that says how an archive is packed.

    Args:
      name: string, a file name or URL.
    Returns:
      string, one of ARCHIVES, or None.
    """
    for suffix in ARCHIVES:
        if name.endswith(suffix):
            return suffix
    return None
