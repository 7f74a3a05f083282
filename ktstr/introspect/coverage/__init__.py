# SPDX-License-Identifier: Apache-2.0
"""What code a run reached: of the kernel's scheduler and of the scheduler's BPF programs."""
