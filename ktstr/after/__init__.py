# SPDX-License-Identifier: Apache-2.0
"""What a test's author has to say of its finished result: `@test(after=...)`."""
