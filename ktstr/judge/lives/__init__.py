# SPDX-License-Identifier: Apache-2.0
"""What one life of a scheduler went through, in its own words and the kernel's."""
