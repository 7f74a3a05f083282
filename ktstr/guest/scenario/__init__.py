# SPDX-License-Identifier: Apache-2.0
"""A scenario in the guest: steps, ops, waits, and whom they act on."""
