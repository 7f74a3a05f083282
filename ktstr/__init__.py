# SPDX-License-Identifier: Apache-2.0
"""ktstr: tests for Linux process schedulers, run in fresh VMs under Bazel.

A test file needs only `import ktstr` or names from it.  They are imported when the first of them is
asked for: a guest says hello before that.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ktstr.guest.function.context import Context as Context
    from ktstr.guest.workers.context import WorkContext as WorkContext
    from ktstr.language import *  # noqa: F403
    from ktstr.model.work.teams import *  # noqa: F403
    from ktstr.model.work.types import *  # noqa: F403
else:
    # what takes much to import, and is for functions in the guest alone
    _LATE = {
        "Context": "ktstr.guest.function.context",
        "WorkContext": "ktstr.guest.workers.context",
    }

    def __getattr__(name: str) -> object:
        """A name of the language; raises AttributeError as any module does."""
        from importlib import import_module

        module = import_module(_LATE.get(name, "ktstr.language"))
        if name == "__all__":
            return [*_LATE, *module.__all__]
        try:
            value = getattr(module, name)
        except AttributeError:
            raise AttributeError(f"module 'ktstr' has no attribute {name!r}") from None
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__getattr__("__all__")})
