# SPDX-License-Identifier: Apache-2.0
"""How the machine that tests run on is set up, for the notes of a result's host."""

from __future__ import annotations

from pathlib import Path

# Documentation/admin-guide/pm/cpufreq.rst, admin-guide/mm/transhuge.rst and
# ABI/testing/sysfs-devices-system-cpu of Linux 6.12.
_GOVERNOR = "devices/system/cpu/cpu0/cpufreq/scaling_governor"
_HUGE_PAGES = "kernel/mm/transparent_hugepage/enabled"
_VULNERABILITIES = "devices/system/cpu/vulnerabilities"
_OPEN = "Vulnerable"


def tuning_notes(sysfs: Path = Path("/sys")) -> dict[str, str]:
    """Notes by name; what this kernel does not tell has none."""
    chosen = _text(sysfs / _HUGE_PAGES).partition("[")[2].partition("]")[0]
    notes = {
        "cpu governor": _text(sysfs / _GOVERNOR),
        "mitigations": _mitigations(sysfs / _VULNERABILITIES),
        "transparent hugepages": chosen,
    }
    return {name: text for name, text in notes.items() if text}


def _mitigations(folder: Path) -> str:
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return ""
    unmet = [name for name in names if _text(folder / name).startswith(_OPEN)]
    return f"vulnerable: {', '.join(unmet)}" if unmet else "all"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
