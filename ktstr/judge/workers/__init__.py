# SPDX-License-Identifier: Apache-2.0
"""Who is judged: which workers, when and where they ran, and what is compared with what."""
