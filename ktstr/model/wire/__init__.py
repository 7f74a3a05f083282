# SPDX-License-Identifier: Apache-2.0
"""What guest and host say to each other."""
