# SPDX-License-Identifier: Apache-2.0
"""What this host does for a target's machine: accelerator, disks, saved guests, its store."""
