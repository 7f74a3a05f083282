# SPDX-License-Identifier: Apache-2.0
"""`NAME.replay`: a test is played again up to an instant, and somebody looks at the guest there."""
