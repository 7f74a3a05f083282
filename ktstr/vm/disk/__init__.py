# SPDX-License-Identifier: Apache-2.0
"""Private copies of disks."""
