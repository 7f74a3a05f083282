# SPDX-License-Identifier: Apache-2.0
"""The format of the layers that a guest starts from."""
