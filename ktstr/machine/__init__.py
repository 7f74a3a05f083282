# SPDX-License-Identifier: Apache-2.0
"""What a target's machine is, and what a saved guest of it is made with."""
