# SPDX-License-Identifier: Apache-2.0
"""A guest's memory."""
