# SPDX-License-Identifier: Apache-2.0
"""Labels as people write them."""

visibility(["//rules/private/disk", "//rules/private/payload", "//rules/private/scheduler", "//rules/private/test"])

def label_text(label):
    """The label as a BUILD file of its repository has it.

    Args:
      label: Label.

    Returns:
      string, without the @@ of the main repository.
    """
    text = str(label)
    return text[2:] if text.startswith("@@//") else text
