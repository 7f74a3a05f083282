# SPDX-License-Identifier: Apache-2.0
"""What a saved guest gives to the tests that are cloned from it."""

visibility(["//rules/private/test"])

VmTemplateInfo = provider(
    doc = "A guest that was booted to its agent's hello, and saved.",
    fields = {
        "directory": "File: a directory with manifest.json, state, console.log and ram<node>.zst; " +
                     "None where the build saves no guest.",
    },
)
