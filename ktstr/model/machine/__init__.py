# SPDX-License-Identifier: Apache-2.0
"""What a test asks of its machine, and names of its CPUs and disks."""
