# SPDX-License-Identifier: Apache-2.0
"""What a disk template gives to the tests that use it."""

visibility(["//rules", "//rules/private/disk", "//rules/private/test"])

DiskTemplateInfo = provider(
    doc = "A disk as every test finds it that asks for one.",
    fields = {
        "filesystem": "string: btrfs, ext4, xfs or raw.",
        "image": "File: a compressed qcow2.",
        "key": "File: the content key, <filesystem>-<MiB>m-<fingerprint>.",
        "size_mb": "int: size in MiB.",
    },
)
