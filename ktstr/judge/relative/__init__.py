# SPDX-License-Identifier: Apache-2.0
"""The scheduler against EEVDF, by legs under one workload."""
