# SPDX-License-Identifier: Apache-2.0
"""What a QEMU gives to the tests whose guests it runs."""

visibility(["//rules/private/build", "//rules/private/test"])

QemuInfo = provider(
    doc = "A QEMU.",
    fields = {"arch": "string: the architecture of its machines, `x86_64` or `arm64`."},
)
