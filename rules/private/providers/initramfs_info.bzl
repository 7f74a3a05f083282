# SPDX-License-Identifier: Apache-2.0
"""What an initramfs target gives to those that boot it."""

visibility(["//rules", "//rules/private/..."])

InitramfsInfo = provider(
    doc = "An initramfs as layers: newc archives that are concatenated in order to boot.",
    fields = {
        "layers": "list of File: the archives, each padded to 512 bytes; later ones win.",
    },
)
