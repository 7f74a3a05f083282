# SPDX-License-Identifier: Apache-2.0
"""What a guest may say."""

from hypothesis import settings
from hypothesis import strategies as st

# The same examples everywhere, and none judged by how busy the machine is.
settings.register_profile("ktstr", deadline=None, derandomize=True)
settings.load_profile("ktstr")

# Any text that JSON can carry out of a guest: control characters and lone surrogates, too.
TEXTS = st.text(st.characters(exclude_categories=[]))
EVENT_NAMES = st.sampled_from(["scenario_start", "scenario_end", "step_start", "step_end", "op"])
