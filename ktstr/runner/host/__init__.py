# SPDX-License-Identifier: Apache-2.0
"""The machine that tests run on, as a result tells of it."""
