# SPDX-License-Identifier: Apache-2.0
"""What workers do: groups of them, the types of their work, where they are put."""
