# SPDX-License-Identifier: Apache-2.0
"""What a kernel's file says of it: symbols, types, offsets."""
