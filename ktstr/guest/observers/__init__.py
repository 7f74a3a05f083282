# SPDX-License-Identifier: Apache-2.0
"""What watches a run in the guest."""
