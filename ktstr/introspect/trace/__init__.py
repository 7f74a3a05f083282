# SPDX-License-Identifier: Apache-2.0
"""What QEMU's plugin is told to watch, and what it saw."""
