# SPDX-License-Identifier: Apache-2.0
"""What a payload gives to the tests that run it."""

visibility(["//rules", "//rules/private/payload", "//rules/private/test"])

PayloadInfo = provider(
    doc = "A program for tests to run: the files it adds to a guest and how to run it there.",
    fields = {
        "index": "File: JSON, what the layer holds.",
        "layer": "File: initramfs layer with /payloads/NAME/ and the libraries it needs.",
        "name": "string: the target's name.",
        "payload": "dict: a ktstr.model.payload.Payload as JSON has it.",
    },
)
