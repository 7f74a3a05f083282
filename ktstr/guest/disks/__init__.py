# SPDX-License-Identifier: Apache-2.0
"""Disks in the guest: found, mounted, taken away again."""
