# SPDX-License-Identifier: Apache-2.0
"""What a work type of one's own gives to the tests that use it."""

visibility(["//rules", "//rules/private/test", "//rules/private/worker"])

WorkerInfo = provider(
    doc = "A program that does a work type of the author's own.",
    fields = {
        "layer": "File: initramfs layer with /workers/NAME.",
        "name": "string: the target's name, which CustomWork gives.",
    },
)
