# SPDX-License-Identifier: Apache-2.0
"""What a guest's console says: findings, and the reports of the kernel that they are made from."""
