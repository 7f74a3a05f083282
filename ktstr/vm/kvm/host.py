# SPDX-License-Identifier: Apache-2.0
"""What a machine's make means for its guests."""

from __future__ import annotations

from pathlib import Path


def host_is_amd(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether KVM passes an AMD processor through, which needs asking for SMT and shared caches."""
    return "AuthenticAMD" in cpuinfo.read_text(encoding="ascii", errors="replace")
