# SPDX-License-Identifier: Apache-2.0
"""What host and guest both know: data and pure functions, standard library only."""
