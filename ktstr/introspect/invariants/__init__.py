# SPDX-License-Identifier: Apache-2.0
"""What must always hold in a correct scheduler: a library, its compiler, and what was found."""
