# SPDX-License-Identifier: Apache-2.0
"""The scheduler against others, by legs under one workload."""
