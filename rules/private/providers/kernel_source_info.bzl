# SPDX-License-Identifier: Apache-2.0
"""What a kernel's sources say of themselves to the kernel that is built from them."""

visibility(["//rules/private/kernel"])

KernelSourceInfo = provider(
    doc = "A kernel's sources, prepared by kernel_source.",
    fields = {
        "patches": "list of Files: the patches that were applied, in this order.",
    },
)
