# SPDX-License-Identifier: Apache-2.0
"""PCI devices as sysfs has them (Documentation/PCI/sysfs-pci.rst of the kernel)."""

from __future__ import annotations

from pathlib import Path

from ktstr.model.errors import InfraError

DEVICES = Path("/sys/bus/pci/devices")


def find_device(devices: Path, kind: tuple[str, str], name: str) -> Path:
    """The directory of a device below `devices`; `kind`: vendor and device, `name`: QEMU's word.

    Raises:
        InfraError: there is none; the message says what there is.
    """
    found: list[str] = []
    for device in sorted(devices.glob("*")):
        numbers = tuple((device / each).read_text().strip() for each in ("vendor", "device"))
        if numbers == kind:
            return device
        found.append(":".join(numbers))
    raise InfraError(
        f"cannot park: no PCI device is {':'.join(kind)}, QEMU's {name}; {devices} has "
        f"{', '.join(found) or 'none'}"
    )
