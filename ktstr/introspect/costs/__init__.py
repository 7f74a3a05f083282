# SPDX-License-Identifier: Apache-2.0
"""What a scheduler costs, in instructions of the guest."""
