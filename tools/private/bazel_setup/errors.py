# SPDX-License-Identifier: Apache-2.0
"""What goes wrong before Bazel runs."""

# Bazel's own exit code for a problem of the machine (its documentation, "exit codes").
LOCAL_ENVIRONMENT = 36


class SetupError(Exception):
    """Bazel cannot be run here; the text says what was tried, what was found and what to do."""
